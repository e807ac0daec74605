import t from 'tap'
import { register, root, runNode } from '../run-node'

const WAYS = ['text', 'get', 'form', 'multipart', 'bytes', 'stream', 'late']
const LINES = [8, 7, 9, 10, 11, 12, 15]

t.test('a fetch has its opening place, whatever its body, from the first one on', async (t) => {
  const { stdout, stderr } = await runNode(['-r', register, 'test/fixtures/openers.cjs', ...WAYS])
  t.equal(stderr, '')
  t.strictSame(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    WAYS.map((name, index) => ({
      name,
      place: `${root}/test/fixtures/openers.cjs:${LINES[index]}`,
      package: null,
    })),
  )
})

const quick = {
  NAT_KEEPALIVE_IDLE_WARN: '300ms',
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_FORMAT: 'json',
}

t.test('a module that is its own name is told of in a few words, at once', async (t) => {
  const source = `
    import net from 'node:net'
    const server = net.createServer().listen(0, '127.0.0.1', async () => {
      const code = 'import net from "node:net";/*' + '/node_modules/'.repeat(20_000) +
        '*/export default (port) => net.connect(port, "127.0.0.1")'
      const { default: open } = await import('data:text/javascript,' + encodeURIComponent(code))
      open(server.address().port)
      setTimeout(() => {
        // Of this process alone, so that the load of the machine is no part of it.
        process.stdout.write(String(process.cpuUsage().user < 5e6))
        process.exit()
      }, 1_500)
    })`
  const args = ['-r', register, '--input-type=module', '-e', source]
  const { stdout, stderr } = await runNode(args, { env: quick })
  t.equal(stdout, 'true')
  const [line = ''] = stderr.split('\n')
  t.ok(line.length < 2_000, `${line.length} characters`)
  t.match(JSON.parse(line), { code: 'NKA201', opener: { place: 'a data: module', package: null } })
})

t.test('no accessor that a program has put on Error is called', async (t) => {
  const source = `
    const net = require('node:net')
    for (const name of ['stackTraceLimit', 'prepareStackTrace']) {
      const called = () => console.log(name, 'was called')
      Object.defineProperty(Error, name, { get: called, set: called, configurable: true })
    }
    const before = JSON.stringify(Object.getOwnPropertyDescriptors(Error))
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close())
      console.log(JSON.stringify(Object.getOwnPropertyDescriptors(Error)) === before)
    })`
  const { code, stdout, stderr } = await runNode(['-r', register, '-e', source])
  t.same({ code, stdout, stderr }, { code: 0, stdout: 'true\n', stderr: '' })
})
