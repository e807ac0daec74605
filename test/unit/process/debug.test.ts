import t from 'tap'
import { runNode } from '../../run-node'

const head = "const { createDebug } = require('./dist/process/debug.js');"

t.test('what comes from outside is printable in it', async (t) => {
  const script = `${head}
    const debug = createDebug('hook')
    debug('%s:%d', 'db\\nforged\\u009b0m', 1)
    debug('%o', { host: 'db\\u202e', list: ['a\\u200b'] })
    debug('%O', new Error('theirs\\n\\u001b[2J'))`
  const { stderr } = await runNode(['-e', script], { env: { DEBUG: 'nat-keepalive:*' } })
  const lines = stderr.trimEnd().split('\n')
  t.equal(lines.length, 3, stderr)
  t.match(lines[0], /nat-keepalive:hook db\\nforged\\u009b0m:1$/)
  t.match(lines[1], /db\\+u202e.*a\\+u200b/)
  t.match(lines[2], /Error: theirs\\n\\u001b\[2J/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/)
})

t.test('it never throws', async (t) => {
  const script = `${head}
    const debug = createDebug('hook')
    debug('%o', { get host() { throw new Error('theirs') } })
    process.stderr.write = () => { throw new Error('theirs') }
    debug('seen')
    console.log('goes on')`
  const { code, stdout } = await runNode(['-e', script], { env: { DEBUG: '*' } })
  t.strictSame([code, stdout], [0, 'goes on\n'])
})

t.test('an environment that cannot be read is one without DEBUG', async (t) => {
  const script = `
    process.env = new Proxy({}, { get(_, name) { if (name === 'DEBUG') throw new Error('theirs') } })
    ${head}
    createDebug('hook')('seen')
    console.log('goes on')`
  const { code, stdout, stderr } = await runNode(['-e', script], { env: { DEBUG: '*' } })
  t.strictSame([code, stdout, stderr], [0, 'goes on\n', ''])
})

const loaded = `${head}
  createDebug('hook')('seen %d', 1)
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
    const env = pattern === undefined ? {} : { DEBUG: pattern }
    const { stdout, stderr } = await runNode(['-e', loaded], { env })
    t.equal(stdout, `${expected}\n`, `DEBUG=${pattern}: loaded`)
    t.equal(stderr.includes('nat-keepalive:hook seen 1'), expected, `DEBUG=${pattern}: says it`)
  }
})

t.test('debug that cannot be loaded is silence', async (t) => {
  const { code, stdout, stderr } = await runNode(
    [
      '-e',
      `${head}
      require('module').Module._load = () => { throw new Error('no such package') }
      createDebug('hook')('seen')
      console.log('goes on')`,
    ],
    { env: { DEBUG: '*' } },
  )
  t.strictSame([code, stdout, stderr], [0, 'goes on\n', ''])
})
