import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { main } from '../../../src/cli/cli'
import { root, runNode, withEnv } from '../../run-node'
import { matchExpected } from './commands/expected'

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

const wrong: readonly [argv: readonly string[], message: string, topic: string][] = [
  [[], 'A COMMAND is missing.', ''],
  [['dmo'], 'The command "dmo" is unknown, perhaps demo was meant.', ''],
  [['docter'], 'The command "docter" is unknown, perhaps doctor was meant.', ''],
  [['constructor'], 'The command "constructor" is unknown.', ''],
  [['--json'], 'The option --json is unknown.', ''],
  [['--version', 'demo'], 'The argument "demo" is one too many.', ''],
  [['demo', '--jsn'], 'The option --jsn is unknown.', 'demo '],
  [['demo', '-x'], 'The option -x is unknown.', 'demo '],
  [['demo', 'again'], 'The argument "again" is one too many.', 'demo '],
  [['demo', '--json=yes'], 'The option --json takes no value.', 'demo '],
  [['audit', '--limit'], 'The option --limit takes a value.', 'audit '],
  [['audit', '--limit', '--json'], 'The option --limit takes a value.', 'audit '],
  [['help', 'doctr'], 'The command "doctr" is unknown, perhaps doctor was meant.', ''],
  [['help', 'doctor', 'me'], 'The argument "me" is one too many.', ''],
  [['doctor', 'me'], 'The argument "me" is one too many.', 'doctor '],
  [['profiles', '--all'], 'The option --all is unknown.', 'profiles '],
  [['run'], 'A COMMAND to run is missing.', 'run '],
  [['run', '--json', 'ls'], 'The option --json is unknown.', 'run '],
  [
    ['snippet'],
    'A KIND is missing: docker, compose, kubernetes, kustomize, helm, ecs, terraform, cloud-run, lambda, systemd, pm2, sysctl or opentelemetry-injector.',
    'snippet ',
  ],
  [['snippet', 'dokcer'], 'The kind "dokcer" is unknown, perhaps docker was meant.', 'snippet '],
  [['snippet', 'toString'], 'The kind "toString" is unknown.', 'snippet '],
  [['snippet', 'ecs', 'x'], 'The argument "x" is one too many.', 'snippet '],
  [['snippet', 'ecs', '--json'], 'The option --json is unknown.', 'snippet '],
]
for (const [argv, message, topic] of wrong) {
  t.test(`wrong usage is one line and a hint: ${argv.join(' ') || 'nothing'}`, async (t) => {
    const stderr = `nat-keepalive: ${message} See nat-keepalive ${topic}--help.\n`
    t.strictSame(await cli(argv), { code: 2, stdout: '', stderr })
  })
}

const names = [
  'doctor',
  'audit',
  'rescue',
  'run',
  'profiles',
  'snippet',
  'completion',
  'lab',
  'exporter',
  'demo',
]

t.test('--help and --version are data', async (t) => {
  const { version } = require('../../../package.json')
  const { stdout: help } = await cli(['--help'])
  for (const argv of [['--help'], ['-h'], ['help'], ['--version', '--help']]) {
    t.strictSame(await cli(argv), { code: 0, stdout: help, stderr: '' })
  }
  matchExpected(t, help, 'help.txt')
  for (const row of help.split('\n')) t.ok(row.length <= 80, row)
  for (const argv of [['--version'], ['-v']]) {
    t.strictSame(await cli(argv), { code: 0, stdout: `${version}\n`, stderr: '' })
  }
})

t.test('every command has its --help, with its usage first', async (t) => {
  const { stdout: overview } = await cli(['--help'])
  for (const name of names) {
    t.match(overview, new RegExp(`^  ${name} +\\S`, 'm'))
    const { code, stdout, stderr } = await cli([name, '--help'])
    t.strictSame([code, stderr], [0, ''])
    t.match(stdout, new RegExp(`^Usage: nat-keepalive ${name}\\b`))
    t.match(stdout, /^Exit codes?: /m)
    if (name !== 'demo') t.match(stdout, /^Example.*:\n {2}\S/m)
    for (const row of stdout.split('\n')) t.ok(row.length <= 80, row)
    if (!['audit', 'rescue', 'demo'].includes(name)) matchExpected(t, stdout, `help-${name}.txt`)
    t.equal((await cli([name, '-h'])).stdout, stdout)
    t.equal((await cli(['help', name])).stdout, stdout)
  }
  t.equal((await cli(['snippet', 'docker', '--help'])).code, 0)
})

t.test('a shell completes what the table of commands has', async (t) => {
  const { stdout: script } = await cli(['completion', 'bash'])
  const complete = (words: string) => {
    const text = `${script}\nCOMP_WORDS=(nat-keepalive ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _nat_keepalive; echo "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', text], { encoding: 'utf8' }).stdout.trim()
  }
  t.equal(complete('res'), 'rescue')
  t.equal(complete('audit --fa'), '--fail-on')
  t.equal(complete('rescue --d'), '--dry-run')
  t.equal(complete('no-such --'), '')
  t.match((await cli(['completion', 'zsh'])).stdout, /bashcompinit/)
  const { stdout: fish } = await cli(['completion', 'fish'])
  t.match(fish, /seen_subcommand_from audit' -l fail-on$/m)
  t.match(await cli(['completion', 'tcsh']), { code: 2, stderr: /bash, zsh or fish/ })
})

t.test('what cannot be written is an exit code', { skip: process.platform !== 'linux' }, (t) => {
  const bin = join(root, 'bin', 'nat-keepalive')
  const full = openSync('/dev/full', 'w')
  for (const args of [['--help'], ['profiles'], ['audit', '--json']]) {
    const [command = '', ...rest] = withEnv({}, [bin, ...args])
    const stdio = ['ignore', full, 'pipe'] as const
    const { status, stderr } = spawnSync(command, rest, { stdio: [...stdio], encoding: 'utf8' })
    t.equal(status, 4, args.join(' '))
    t.equal(stderr, 'nat-keepalive: The output could not be written (ENOSPC).\n')
  }
  closeSync(full)
  t.end()
})

t.test('the program ends with the exit code', async (t) => {
  const bin = join(root, 'dist', 'bin.js')
  t.match(await runNode([bin, '--help']), { code: 0, stdout: /^Usage: /, stderr: '' })
  t.match(await runNode([bin, 'dmo']), { code: 2, stdout: '', stderr: /^nat-keepalive: / })
})
