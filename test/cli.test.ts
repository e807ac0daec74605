import { join } from 'node:path'
import t from 'tap'
import { main } from '../src/cli'
import { root, runNode } from './run-node'

async function cli(argv: readonly string[]) {
  const said = { stdout: '', stderr: '' }
  const output = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text
    },
  })
  const code = await main(argv, { stdout: output('stdout'), stderr: output('stderr') }, {})
  return { code, ...said }
}

const wrong = [
  [[], 'A COMMAND is missing.'],
  [['dmo'], 'The command "dmo" is unknown, perhaps demo was meant.'],
  [['constructor'], 'The command "constructor" is unknown.'],
  [['--json'], 'The option --json is unknown.'],
  [['--version', 'demo'], 'The argument "demo" is one too many.'],
  [['demo', '--jsn'], 'The option --jsn is unknown.'],
  [['demo', '-x'], 'The option -x is unknown.'],
  [['demo', 'again'], 'The argument "again" is one too many.'],
  [['demo', '--json=yes'], 'The option --json is not used in the right way.'],
] as const
for (const [argv, message] of wrong) {
  t.test(`wrong usage is one line and a hint: ${argv.join(' ') || 'nothing'}`, async (t) => {
    const stderr = `nat-keepalive: ${message} See nat-keepalive --help.\n`
    t.strictSame(await cli(argv), { code: 2, stdout: '', stderr })
  })
}

const help = `Usage: nat-keepalive COMMAND [OPTION]...

Keeps idle outbound connections alive behind NAT gateways, and tells which
ones would die.

  demo       before and after, on this machine, in under a minute

  --help     this text, or after a COMMAND the text about it
  --version  the version of nat-keepalive

Exit codes: 0 fine, 1 findings, 2 wrong usage.
`

const demoHelp = `Usage: nat-keepalive demo [--json]

Shows what the hook changes: what the kernel does for a request that waits,
and what becomes of it behind a NAT that forgets idle connections.
Contacts nobody, and leaves nothing behind. Takes about 20 seconds.

  --json  print the measurements, and nothing else
  --help  this text

Exit codes: 0 it went as it should, also where no NAT can be built here;
1 it did not, and stderr says how; 2 wrong usage.
`

t.test('--help and --version are data', async (t) => {
  const { version } = require('../package.json')
  for (const argv of [['--help'], ['-h'], ['--version', '--help']]) {
    t.strictSame(await cli(argv), { code: 0, stdout: help, stderr: '' })
  }
  for (const argv of [
    ['demo', '--help'],
    ['demo', '--json', '-h'],
  ]) {
    t.strictSame(await cli(argv), { code: 0, stdout: demoHelp, stderr: '' })
  }
  t.strictSame(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  for (const row of `${help}${demoHelp}`.split('\n')) t.ok(row.length <= 80, row)
})

t.test('the program ends with the exit code', async (t) => {
  const bin = join(root, 'dist', 'bin.js')
  t.match(await runNode([bin, '--help']), { code: 0, stdout: help, stderr: '' })
  t.match(await runNode([bin, 'dmo']), { code: 2, stdout: '', stderr: /^nat-keepalive: / })
})
