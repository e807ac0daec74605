import { type ChildProcess, spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { register, root, runNode, withEnv } from '../../../run-node'
import { folderWith } from '../../doctor/checks/machine'

const bin = join(root, 'dist', 'bin.js')
const node = process.execPath

const cli = (
  args: string[],
  env: Record<string, string> = {},
  onStart?: Parameters<typeof runNode>[1],
) => runNode([bin, 'run', ...args], { env, ...onStart })

/** Prints whether the hook is active, and NODE_OPTIONS as the child has it. */
const probe = [
  node,
  '-p',
  'JSON.stringify([Symbol.for("nat-keepalive.1") in globalThis, process.env.NODE_OPTIONS])',
]

t.test('the hook is added to NODE_OPTIONS, and what is there stays', async (t) => {
  const other = join(folderWith(t, { 'o p.js': '' }), 'o p.js')
  const table: readonly [before: string | undefined, after: string][] = [
    [undefined, `--require=${register}`],
    ['', `--require=${register}`],
    ['--no-warnings', `--require=${register} --no-warnings`],
    [`-r "${other}"  --no-warnings`, `--require=${register} -r "${other}"  --no-warnings`],
    [`--require ${register}`, `--require ${register}`],
    [`--no-warnings --import=file://${register}`, `--no-warnings --import=file://${register}`],
  ]
  for (const [before, after] of table) {
    const env = before === undefined ? {} : { NODE_OPTIONS: before }
    const run = await cli(['--', ...probe], env)
    t.equal(run.code, 0, run.stderr)
    t.strictSame(JSON.parse(run.stdout), [true, after], String(before))
  }
})

t.test('once is enough, however deep', async (t) => {
  const run = await cli(['--', node, bin, 'run', ...probe])
  t.strictSame(JSON.parse(run.stdout), [true, `--require=${register}`])
})

t.test('the package may lie in a folder with any name', async (t) => {
  const folder = join(folderWith(t, {}), `a "b\\ 'c' $d`)
  cpSync(register, join(folder, 'register.js'))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(root, 'node_modules', 'semver'), join(folder, 'node_modules', 'semver'), {
    recursive: true,
    dereference: true,
  })
  const run = await runNode([join(folder, 'dist', 'bin.js'), 'run', ...probe], { cwd: '/' })
  t.equal(run.code, 0, run.stderr)
  const [active, options] = JSON.parse(run.stdout)
  t.equal(active, true)
  t.match(options, '\\"b\\\\ ')
})

t.test('the exit code is that of the command', async (t) => {
  for (const code of [0, 1, 2, 78, 255]) {
    const run = await cli(['--', 'sh', '-c', `exit ${code}`])
    t.strictSame([run.code, run.signal, run.stderr], [code, null, ''])
  }
})

t.test('input, output, arguments and environment are those of the command', async (t) => {
  const script = 'cat; printf "%s|" "$@"; echo talk >&2'
  const argv = withEnv({ WORD: 'w' }, [
    node,
    bin,
    'run',
    'sh',
    '-c',
    script,
    'sh',
    '--help',
    '',
    'a b',
    '--',
  ])
  const [command = '', ...rest] = argv
  const run = spawnSync(command, rest, { input: 'in|', encoding: 'utf8' })
  t.strictSame([run.status, run.stdout, run.stderr], [0, 'in|--help||a b|--|', 'talk\n'])
})

t.test('a signal that ends the command ends this', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGABRT', 'SIGSEGV'] as const) {
    const run = await cli(['sh', '-c', `ulimit -c 0; kill -${signal.slice(3)} $$`])
    t.strictSame([run.code, run.signal], [null, signal])
  }
})

t.test('where this survives the signal, the exit code is 128 and its number', async (t) => {
  for (const [signal, code] of [
    ['PIPE', 141],
    ['USR1', 138],
  ] as const) {
    const run = await cli(['sh', '-c', `kill -${signal} $$`])
    t.strictSame([run.code, run.signal, run.stderr], [code, null, ''])
  }
})

t.test('so it is for the first process of a container', (t) => {
  const argv = ['unshare', '-rpf', node, bin, 'run', 'sh', '-c', 'kill -TERM $$']
  const [command = '', ...rest] = withEnv({}, argv)
  t.equal(spawnSync(command, rest).status, 143)
  t.end()
})

/** Sends the signal to the process itself when the command says that it is ready. */
function killWhenReady(signal: NodeJS.Signals) {
  return {
    onStart(child: ChildProcess) {
      child.stdout?.once('data', () => child.kill(signal))
    },
  }
}

const forwarded = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGWINCH',
] as const

t.test('signals are handed on, once, and nothing else is done with them', async (t) => {
  const programs = forwarded.map((signal, index) => {
    // A second one, or a debugger of the program's own, would be seen in the output.
    const program = `
      let got = 0
      process.on("${signal}", () => { if (++got === 1) setTimeout(end, 200) })
      const end = () => { console.log(got, "${signal}"); process.exit(${11 + index}) }
      console.log("ready")
      setTimeout(() => {}, 20000)`
    return { signal, program, code: 11 + index }
  })
  for (const { signal, program, code } of programs) {
    const run = await cli([node, '-e', program], {}, killWhenReady(signal))
    t.strictSame([run.code, run.stdout, run.stderr], [code, `ready\n1 ${signal}\n`, ''])
  }
})

t.test('a command that dies of a signal which was handed on leaves nothing behind', async (t) => {
  for (const signal of ['SIGQUIT', 'SIGUSR2', 'SIGALRM'] as const) {
    const script = 'ulimit -c 0; echo $$; exec sleep 20'
    const run = await cli(['sh', '-c', script], {}, killWhenReady(signal))
    t.strictSame([run.code, run.signal], [null, signal])
    t.throws(() => process.kill(Number(run.stdout), 0), { code: 'ESRCH' })
  }
})

/** Presses a key of a terminal in which the command runs; what the command has written then. */
function press(key: string, argv: readonly string[]): string {
  const script = join(root, 'test', 'fixtures', 'press-key.py')
  const [command = '', ...rest] = withEnv({ NO_COLOR: '1' }, ['python3', script, key, ...argv])
  const { stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 30_000 })
  return `${stdout}${stderr}`.replaceAll('\r', '')
}

t.test('what the keys of a terminal send reaches the command once, as it does anyway', (t) => {
  for (const [key, signal] of [
    ['03', 'SIGINT'],
    ['1c', 'SIGQUIT'],
  ] as const) {
    const program = `
      let got = 0
      process.on("${signal}", () => { if (++got === 1) setTimeout(() => { console.log("got", got); process.exit() }, 500) })
      console.log("ready")
      setTimeout(() => {}, 20000)`
    const script = [node, bin, 'run', node, '-e', program]
    t.match(press(key, script), /ready\n[\s\S]*got 1\n/, signal)
    // A file in place of the input does not take the terminal away.
    const words = script.map((word) => `'${word}'`).join(' ')
    const noInput = ['sh', '-c', `exec ${words} < /dev/null`]
    t.match(press(key, noInput), /ready\n[\s\S]*got 1\n/, `${signal}, without a terminal as input`)
  }
  t.end()
})

t.test('a command that goes on after a signal is waited for', async (t) => {
  const program = `
    process.on("SIGTERM", () => setTimeout(() => { console.log("done"); process.exit(0) }, 300))
    console.log("ready")
    setTimeout(() => {}, 20000)`
  const run = await cli([node, '-e', program], {}, killWhenReady('SIGTERM'))
  t.strictSame([run.code, run.stdout], [0, 'ready\ndone\n'])
})

t.test('a command without a handler dies, and this with it', async (t) => {
  const program = 'console.log(process.pid); setTimeout(() => {}, 20000)'
  const run = await cli([node, '-e', program], {}, killWhenReady('SIGTERM'))
  t.strictSame([run.code, run.signal], [null, 'SIGTERM'])
  t.throws(() => process.kill(Number(run.stdout), 0), { code: 'ESRCH' }, 'nothing is left behind')
})

function scripts(t: Test): string {
  const folder = folderWith(t, { plain: 'echo' })
  writeFileSync(join(folder, 'gone'), '#!/no/such/interpreter\n', { mode: 0o755 })
  return folder
}

t.test('what cannot be run is one sentence, and 126 or 127', async (t) => {
  const folder = scripts(t)
  const table: readonly [command: string, code: number, text: RegExp][] = [
    ['no-such-command', 127, /"no-such-command" was not found: no folder of PATH has it\.\n$/],
    ['-no-such-command', 127, /"-no-such-command" was not found/],
    ['./no-such-file', 127, /there is no such file/],
    ['./gone', 127, /what its first line names is missing/],
    ['', 127, /""/],
    ['./plain', 126, /not an executable file/],
    [folder, 126, /not an executable file/],
  ]
  for (const [command, code, text] of table) {
    const run = await cli(['--', command], {}, { cwd: folder })
    t.strictSame([run.code, run.stdout], [code, ''], command)
    t.match(run.stderr, text)
    t.match(run.stderr, /^nat-keepalive: [^\n]+\n$/)
  }
})

t.test('without a COMMAND it is wrong usage', async (t) => {
  for (const args of [[], ['--'], ['--unknown', '--', 'true']]) {
    const run = await cli(args)
    t.equal(run.code, 2)
    t.match(run.stderr, /^nat-keepalive: .+ See nat-keepalive run --help\.\n$/)
  }
})
