import t from 'tap'
import { runNode } from '../../run-node'

const finding = {
  code: 'NKA201',
  text: 'A connection has been idle.',
  data: { destination: 'db:5432', count: 2 },
}

const head = `
  const log = require('./dist/findings/emit.js')
  const finding = ${JSON.stringify(finding)}
`

/** Runs a program that has `log` and `finding` at hand. */
function run(script: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  return runNode([...args, '-e', head + script], { env })
}

t.test('text is a process warning on stderr', async (t) => {
  const { code, stdout, stderr } = await run("log.emit(finding, 'text')")
  t.equal(code, 0)
  t.equal(stdout, '')
  t.match(stderr, /^\(node:\d+\) \[NKA201\] NatKeepaliveWarning: A connection has been idle\.\n/)
})

t.test("process.on('warning') sees type, code and text", async (t) => {
  const { stdout } = await run(`
    process.on('warning', ({ name, code, message }) => console.log(JSON.stringify([name, code, message])))
    log.emit(finding, 'text')`)
  t.strictSame(JSON.parse(stdout), ['NatKeepaliveWarning', 'NKA201', finding.text])
})

t.test('json is one line on stderr, whole and at once', async (t) => {
  const { code, stdout, stderr } = await run("log.emit(finding, 'json'); process.reallyExit(7)")
  t.equal(code, 7)
  t.equal(stdout, '')
  t.match(stderr, /^[^\n]+\n$/)
  const { time, pid, ...rest } = JSON.parse(stderr)
  t.strictSame(rest, { code: finding.code, text: finding.text, ...finding.data })
  t.equal(new Date(time).toISOString(), time)
  t.type(pid, 'number')
})

t.test('a text of several lines stays one line of JSON', async (t) => {
  const { stderr } = await run("log.emit({ ...finding, text: 'a\\nb\\u2028c' }, 'json')")
  t.match(stderr, /^[^\n]+\n$/)
  t.equal(JSON.parse(stderr).text, 'a\nb\u2028c')
})

t.test('who wants no warnings gets none, in either format', async (t) => {
  const script = "log.emit(finding, 'text'); log.emit(finding, 'json')"
  const table: readonly [string, readonly string[], Record<string, string>][] = [
    ['--no-warnings', ['--no-warnings'], {}],
    ['NODE_NO_WARNINGS', [], { NODE_NO_WARNINGS: '1' }],
    ['NODE_OPTIONS', [], { NODE_OPTIONS: '--no-warnings' }],
    ['NODE_OPTIONS, among others', [], { NODE_OPTIONS: '--no-deprecation  --no-warnings' }],
  ]
  for (const [name, args, env] of table) {
    const { code, stderr, stdout } = await run(script, args, env)
    t.strictSame([code, stdout, stderr], [0, '', ''], name)
  }
})

t.test('what only looks like it leaves the warnings on', async (t) => {
  const table: readonly [string, readonly string[], Record<string, string>][] = [
    ['NODE_NO_WARNINGS=0', [], { NODE_NO_WARNINGS: '0' }],
    ['an argument of the program', ['--'], {}],
    ['another option', ['--no-deprecation'], {}],
  ]
  for (const [name, args, env] of table) {
    const before = args.filter((arg) => arg !== '--')
    const after = args.includes('--') ? ['--', '--no-warnings'] : []
    const script = "log.emit(finding, 'text'); log.emit(finding, 'json')"
    const { stderr } = await runNode([...before, '-e', head + script, ...after], { env })
    t.equal(stderr.split('A connection has been idle.').length - 1, 2, name)
  }
})

t.test('an emitWarning that throws, or is none, does not escape', async (t) => {
  for (const broken of ["() => { throw new Error('theirs') }", 'undefined']) {
    const { code, stdout, stderr } = await run(`
      process.emitWarning = ${broken}
      log.emit(finding, 'text')
      console.log('goes on')`)
    t.strictSame([code, stdout, stderr], [0, 'goes on\n', ''], broken)
  }
})

t.test('facts that cannot be written as JSON do not escape', async (t) => {
  const { code, stdout } = await run(`
    log.emit({ ...finding, data: { big: 1n } }, 'json')
    log.emitNow({ ...finding, data: { big: 1n } }, 'json')
    console.log('goes on')`)
  t.strictSame([code, stdout], [0, 'goes on\n'])
})

t.test('a stderr that nobody reads does not escape, in either format', async (t) => {
  for (const format of ['text', 'json']) {
    const script = `
      setTimeout(() => {
        log.emit(finding, '${format}')
        log.emitNow(finding, '${format}')
        setTimeout(() => process.exit(5), 50)
      }, 50)`
    const { code } = await runNode(['-e', head + script], {
      onStart: (child) => child.stderr?.destroy(),
    })
    t.equal(code, 5, format)
  }
})

t.test(
  'what has to be said before an exit is said at once, as the warning would read',
  async (t) => {
    const { code, stdout, stderr } = await run(
      "log.emitNow(finding, 'text'); process.reallyExit(78)",
    )
    t.equal(code, 78)
    t.equal(stdout, '')
    t.match(stderr, /^\(node:\d+\) \[NKA201\] NatKeepaliveWarning: A connection has been idle\.\n$/)
    const json = await run("log.emitNow(finding, 'json'); process.reallyExit(78)")
    t.equal(json.code, 78)
    t.equal(JSON.parse(json.stderr).code, 'NKA201')
  },
)

t.test('the reason for a failing exit is told to those without warnings too', async (t) => {
  const { stderr } = await run("log.emitNow(finding, 'text')", ['--no-warnings'])
  t.match(stderr, /NKA201/)
})

const loaded = `
  log.createDebug('hook')('seen %d', 1)
  const files = Object.keys(require.cache).filter((file) => /node_modules.debug/.test(file))
  console.log(files.length > 0)`

t.test('debug is loaded only when DEBUG asks for it', async (t) => {
  const table: readonly [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['express', false],
    ['express:*,pg', false],
    ['not-nat-keepalive', false],
    ['-nat-keepalive:*', false],
    ['nat-keepalive:hook', true],
    ['nat-keepalive:*', true],
    ['nat-*', true],
    ['*', true],
    ['express:*,nat-keepalive:*', true],
    ['express:* nat-keepalive:*', true],
  ]
  for (const [pattern, expected] of table) {
    const { stdout, stderr } = await run(
      loaded,
      [],
      pattern === undefined ? {} : { DEBUG: pattern },
    )
    t.equal(stdout, `${expected}\n`, `DEBUG=${pattern}: loaded`)
    t.equal(stderr.includes('nat-keepalive:hook seen 1'), expected, `DEBUG=${pattern}: says it`)
  }
})

t.test('debug that cannot be loaded is silence', async (t) => {
  const { code, stdout, stderr } = await run(
    `
    require('module').Module._load = () => { throw new Error('no such package') }
    log.createDebug('hook')('seen')
    console.log('goes on')`,
    [],
    { DEBUG: '*' },
  )
  t.strictSame([code, stdout, stderr], [0, 'goes on\n', ''])
})
