import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root, withEnv } from '../run-node'
import { optionsOfProcess } from './options-of-process'

/** A process without the hook, with one server and what `body` opens to it; `done()` when it is set up. */
async function start(t: Test, body: string) {
  const source = `
    const net = require('node:net')
    const { optionsTo } = require(${JSON.stringify(join(root, 'test/fixtures/kernel-options.cjs'))})
    const server = net.createServer().listen(0, '::', () => {
      const { port } = server.address()
      const done = () => console.log(JSON.stringify({ port, own: optionsTo(port) }))
      ${body}
    })`
  const [command = '', ...args] = withEnv({}, [process.execPath, '-e', source])
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const [line] = await once(child.stdout, 'data')
  return { pid: child.pid as number, closed, child, ...JSON.parse(line) }
}

t.test('reads the options of another process as that process reads them itself', async (t) => {
  const body = `
    const set = [[false], [true, 33000], [true], [true, 1000]]
    let left = set.length
    for (const args of set) {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.setKeepAlive(...args)
        if (--left === 0) done()
      })
    }`
  const { pid, port, own } = await start(t, body)
  const seen = optionsOfProcess(pid, { remotePort: port })
  const options = seen.map(({ on, idle, interval, count }) => ({ on, idle, interval, count }))
  t.strictSame(sorted(options), sorted(own))
  t.equal(options.length, 4)
  const idles = options.map(({ on, idle }) => (on ? `${idle}` : 'off'))
  t.ok(
    ['1', '33', 'off'].every((idle) => idles.includes(idle)),
    `${idles}`,
  )
  for (const { remote, local } of seen) {
    t.strictSame(remote, { address: '127.0.0.1', port })
    t.equal(local.address, '127.0.0.1')
    t.not(local.port, port)
  }
})

t.test('the other ends, of IPv6 and of mapped IPv4, have their addresses', async (t) => {
  const body = `
    net.connect(port, '::1', () => net.connect(port, '127.0.0.1', () => setTimeout(done, 50)))`
  const { pid, port } = await start(t, body)
  const all = optionsOfProcess(pid)
  t.equal(all.length, 4, 'two connections, both ends')
  t.strictSame(sorted(all.filter(({ local }) => local.port === port).map(({ local }) => local)), [
    { address: '127.0.0.1', port },
    { address: '::1', port },
  ])
  t.strictSame(optionsOfProcess(pid, { remotePort: 1 }), [])
})

t.test('a listener, a Unix socket and a UDP socket are no connections', async (t) => {
  const body = `
    const udp = require('node:dgram').createSocket('udp4')
    udp.connect(port, '127.0.0.1', done)`
  const { pid } = await start(t, body)
  t.strictSame(optionsOfProcess(pid), [])
})

t.test('it leaves no descriptors behind, and says when a process is gone', async (t) => {
  const { pid, child, closed } = await start(t, "net.connect(port, '127.0.0.1', done)")
  const own = () => optionsOfProcess(process.pid).length
  const before = own()
  optionsOfProcess(pid)
  t.equal(own(), before)
  child.kill('SIGKILL')
  await closed
  t.throws(() => optionsOfProcess(pid), /pidfd_open|434/)
})

function sorted<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => [JSON.stringify(value), value] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}
