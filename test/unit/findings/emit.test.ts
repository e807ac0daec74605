import { join } from 'node:path'
import t from 'tap'
import { version } from '../../../src/process/version'
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
  const { code: name, text: message, data } = finding
  t.strictSame(rest, { level: 'warn', message, code: name, version, ...data })
  t.equal(new Date(time).toISOString(), time)
  t.type(pid, 'number')
})

t.test('what comes from outside forges nothing, in either format', async (t) => {
  const script = `
    const text = 'a\\nb\\u2028c\\u009b0m\\u202ed'
    process.on('warning', ({ message }) => console.log(message))
    log.emit({ ...finding, text, data: { host: text } }, 'json')
    log.emit({ ...finding, text }, 'text')
    log.emitNow({ ...finding, text }, 'text')`
  const { stdout, stderr } = await run(script)
  const shown = 'a\\nb\\u2028c\\u009b0m\\u202ed'
  const [json = '', ...texts] = stderr.trimEnd().split('\n')
  t.match(JSON.parse(json), { message: shown, host: shown })
  t.equal(texts.filter((line) => line.endsWith(`NatKeepaliveWarning: ${shown}`)).length, 2)
  t.equal(stdout, `${shown}\n`.repeat(2), 'listeners see the same')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
})

t.test('who wants no warnings gets none, in either format', async (t) => {
  const script = "log.emit(finding, 'text'); log.emit(finding, 'json')"
  const table: readonly [string, readonly string[], Record<string, string>][] = [
    ['--no-warnings', ['--no-warnings'], {}],
    ['NODE_NO_WARNINGS', [], { NODE_NO_WARNINGS: '1' }],
    ['NODE_OPTIONS', [], { NODE_OPTIONS: '--no-warnings' }],
    ['NODE_OPTIONS, among others', [], { NODE_OPTIONS: '--no-deprecation  --no-warnings' }],
    ['--disable-warning by code', ['--disable-warning=NKA201'], {}],
    ['--disable-warning by type', ['--disable-warning', 'NatKeepaliveWarning'], {}],
    ['both', [], { NODE_OPTIONS: '--disable-warning=NKA101 --disable-warning=NKA201' }],
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
    ['another code', ['--disable-warning=NKA20', '--disable-warning=XNKA201'], {}],
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

t.test('in json a listener that throws, or rejects, does not end the program', async (t) => {
  const { code, stdout, stderr } = await run(`
    process.on('warning', () => { throw new Error('theirs') })
    process.on('warning', async () => { throw new Error('theirs') })
    process.on('warning', () => console.log('the last'))
    log.emit(finding, 'json')
    setTimeout(() => console.log('goes on'), 20)`)
  t.strictSame([code, stdout], [0, 'the last\ngoes on\n'])
  t.match(stderr, /^[^\n]+\n$/)
})

t.test('a listener of the name of the one that prints is not taken for it', async (t) => {
  const { stdout } = await run(`
    process.on('warning', function onWarning() { console.log('seen') })
    log.emit(finding, 'json')`)
  t.equal(stdout, 'seen\n')
})

t.test('lines that nobody got are counted in the next', async (t) => {
  const script = `
    const { constants, openSync, readSync } = require('fs')
    const { spawnSync } = require('child_process')
    spawnSync('mkfifo', [process.env.PIPE])
    const end = openSync(process.env.PIPE, constants.O_RDONLY | constants.O_NONBLOCK)
    require('fs').closeSync(2)
    openSync(process.env.PIPE, 'w')
    for (let count = 0; count < 2_000; count++) log.emit(finding, 'json')
    let text = ''
    const buffer = Buffer.alloc(1 << 20)
    const read = () => { try { text += buffer.toString('latin1', 0, readSync(end, buffer)) } catch {} }
    const watch = setInterval(() => {
      read()
      log.emit(finding, 'json')
      read()
      const lines = text.split('\\n').filter(Boolean).map((line) => JSON.parse(line))
      const found = lines.findIndex(({ dropped }) => dropped > 0)
      if (found < 0) return
      clearInterval(watch)
      console.log(found + lines[found].dropped >= 1_900, lines[found].dropped < 2_000)
    }, 20)`
  const { stdout, stderr } = await run(script, [], { PIPE: join(t.testdir(), 'pipe') })
  t.strictSame([stdout, stderr], ['true true\n', ''])
})
