import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { main } from '../../../../src/cli/cli'
import { type NodeRun, root, runNode } from '../../../run-node'
import { matchExpected } from './expected'

const bin = join(root, 'dist', 'bin.js')

async function cli(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' }
  const output = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text
    },
  })
  const streams = { stdout: output('stdout'), stderr: output('stderr') }
  return { code: await main(['measure', ...argv], streams, {}), ...said }
}

const wrong: readonly [argv: string[], message: string][] = [
  [[], 'HOST:PORT is missing: where to measure to.'],
  [['db.example'], 'The target "db.example" is not HOST:PORT, such as db.example:5432.'],
  [['a:1', 'b:2'], 'The argument "b:2" is one too many.'],
  [['a:1', '--up-to', '1s'], 'The option --up-to has "1s", and has to be a time with a unit'],
  [['a:1', '--up-to', '300'], 'The option --up-to has "300", and has to be a time with a unit'],
  [['a:1', '--steps', '3s,'], 'The option --steps has "", and has to be a time with a unit'],
  [['a:1', '--steps', '3s', '--up-to', '9s'], 'Give --up-to or --steps, not both.'],
  [
    ['a:1', '--steps', Array(21).fill('3s').join()],
    'The option --steps has 21 steps, of 20 at most.',
  ],
  [['--via', 'node'], 'The process "node" is not a number.'],
  [['--serve', '70000'], 'The port "70000" is not a number up to 65535.'],
]

for (const [argv, message] of wrong) {
  t.test(`wrong usage: ${argv.join(' ').slice(0, 40) || 'nothing'}`, async (t) => {
    const { code, stdout, stderr } = await cli(...argv)
    t.strictSame([code, stdout], [2, ''])
    t.ok(stderr.startsWith(`nat-keepalive: ${message}`), stderr)
  })
}

t.test('--help fits a terminal', async (t) => {
  const { stdout } = await cli('--help')
  matchExpected(t, stdout, 'help-measure.txt')
  for (const row of stdout.split('\n')) t.ok(row.length <= 80, row)
})

async function listening(t: Tap): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server
}

type Tap = { teardown(handler: () => unknown): unknown }

async function connectTo(t: Tap, server: Server): Promise<string> {
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.teardown(() => socket.destroy())
  return `127.0.0.1:${port}`
}

t.test('what cannot be connected to is told, with exit code 3', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const { code, stdout, stderr } = await cli(`127.0.0.1:${port}`, '--up-to', '3s')
  t.strictSame([code, stdout], [3, ''])
  t.match(
    stderr,
    `No connection to 127.0.0.1 port ${port} could be opened (127.0.0.1: ECONNREFUSED).`,
  )
})

const linux = process.platform === 'linux'

t.test(
  '--via lists the destinations of a process, and takes one of them',
  { skip: !linux },
  async (t) => {
    const servers = [await listening(t), await listening(t)]
    const child = `
    const net = require('node:net')
    const ports = process.argv.slice(1)
    Promise.all(ports.map((port) => new Promise((done) => net.connect(port, '127.0.0.1', done))))
      .then(() => console.log('connected'))
  `
    const ports = servers.map((server) => String((server.address() as AddressInfo).port))
    const seen = new Promise<NodeRun[]>((resolve, reject) => {
      runNode(['-e', child, ports[0] as string, ...ports], {
        timeoutMs: 60_000,
        onStart: (process) => {
          t.teardown(() => process.kill())
          process.stdout?.once('data', () => {
            const via = ['--via', String(process.pid)]
            const other = runNode([bin, 'measure', '127.0.0.1:1', ...via])
            Promise.all([runNode([bin, 'measure', ...via]), other]).then(resolve, reject)
          })
        },
      }).catch(() => {})
    })
    const [all, other] = await seen
    const [twice, once] = ports
    t.equal(all?.code, 2)
    t.equal(all?.stdout, `127.0.0.1:${twice}  2\n127.0.0.1:${once}  1\n`)
    t.match(all?.stderr, 'has 2 destinations: name one of them too.')
    t.match(other, { code: 2, stdout: '' })
    t.match(other?.stderr, 'has no connection to 127.0.0.1:1.')
  },
)

t.test('a measurement on loopback, as text that can be pasted', { skip: !linux }, async (t) => {
  const target = await connectTo(t, await listening(t))
  const { code, stdout, stderr } = await runNode([bin, 'measure', target, '--steps', '3s'])
  t.strictSame(code, 0, stderr)
  const text = stdout.replace(/\s+/g, ' ')
  t.match(text, `${target}, measured on 20`)
  t.match(text, /SILENCE OUTCOME WHAT THAT IS 2 s answered the control; .* \d+(\.\d)? s answered /)
  t.match(text, /Conclusion Everything was remembered, up to a silence of \d+(\.\d)? s/)
  for (const row of stdout.split('\n')) t.ok(row.length <= 80, row)
})

t.test('--serve accepts, never speaks, and tells of it', { skip: !linux }, async (t) => {
  let told = ''
  const run = runNode([bin, 'measure', '--serve', '0'], {
    onStart: (process) => {
      process.stderr?.on('data', (chunk) => {
        told += chunk
        const port = /Waiting on port (\d+)/.exec(told)?.[1]
        if (port === undefined || told.includes('connected')) return
        const socket = connect(Number(port), '127.0.0.1', () => socket.end())
        socket.on('data', () => t.fail('it spoke')).on('close', () => process.kill('SIGINT'))
      })
    },
  })
  const { code, stderr } = await run
  t.equal(code, 130)
  t.match(stderr, /127\.0\.0\.1\]?:\d+ connected\.\n.* was closed by it after 0 s\./)
})
