import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { register, runNode, withEnv } from '../run-node'

const program = join(__dirname, 'programs', 'thawed.cjs')
const rounds = 3

/** A server that closes idle connections after half a second, and tells no client beforehand. */
async function impatientServer(t: { teardown(handler: () => unknown): unknown }): Promise<number> {
  const server = createServer((_, response) => {
    response.shouldKeepAlive = true
    response.setHeader('connection', 'keep-alive')
    response.setHeader('keep-alive', 'timeout=600')
    response.end('ok')
  })
  server.keepAliveTimeout = 500
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** What became of the first request after each time that the program was stopped. */
async function outcomes(port: number, env: Record<string, string>): Promise<string[]> {
  const [file, ...args] = withEnv(
    {
      NAT_KEEPALIVE_AUDIT: '500ms',
      NAT_KEEPALIVE_SYSCTL: 'off',
      NAT_KEEPALIVE_IDLE_WARN: 'off',
      ...env,
    },
    [process.execPath, '-r', register, program, String(port)],
  )
  const child = spawn(file as string, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const found: string[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      await says(child, 'pooled')
      child.kill('SIGSTOP')
      await sleep(2_200)
      child.kill('SIGCONT')
      found.push(await says(child, 'answered', 'failed'))
      child.stdin?.write('again\n')
    }
  } finally {
    child.kill('SIGKILL')
  }
  return found
}

async function says(child: ChildProcess, ...words: string[]): Promise<string> {
  for (;;) {
    const [chunk] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
    const line = String(chunk).trim()
    if (words.some((word) => line.startsWith(word))) return line
  }
}

const linux = process.platform === 'linux'

t.test(
  'a request after the process stood still fails on a stale connection, and not with eviction',
  { skip: !linux && 'only Linux tells of closed connections' },
  async (t) => {
    const port = await impatientServer(t)
    const [off, evict] = await Promise.all([
      outcomes(port, {}),
      outcomes(port, { NAT_KEEPALIVE_POOL: 'evict' }),
    ])
    t.same(off, Array(rounds).fill('failed ECONNRESET'), 'without it each fails')
    t.same(evict, Array(rounds).fill('answered'), 'with it none does')
  },
)

t.test('eviction holds no process, wastes no time, and touches no request', async (t) => {
  const script = `
    const http = require('node:http')
    const agent = new http.Agent({ keepAlive: true })
    const server = http.createServer((request, response) => {
      setTimeout(() => response.end('late'), request.url === '/slow' ? 3000 : 0)
    }).listen(0, '127.0.0.1', async () => {
      const { port } = server.address()
      const get = (path) => new Promise((resolve, reject) => {
        http.get({ port, host: '127.0.0.1', agent, path }, (response) => {
          response.setEncoding('utf8').on('data', resolve)
        }).on('error', reject)
      })
      await get('/')
      const before = process.cpuUsage()
      const slow = get('/slow')
      // Stands still for longer than the limit, with a request under way.
      setTimeout(() => { const end = Date.now() + 2200; while (Date.now() < end); }, 700)
      console.log(await slow)
      agent.destroy()
      server.close()
    })
  `
  const env = {
    NAT_KEEPALIVE_POOL: 'evict',
    NAT_KEEPALIVE_LIMIT: '2s',
    NAT_KEEPALIVE_AUDIT: '500ms',
    NAT_KEEPALIVE_SYSCTL: 'off',
    NAT_KEEPALIVE_IDLE_WARN: 'off',
  }
  const run = await runNode(['-r', register, '-e', script], { env, timeoutMs: 30_000 })
  t.match(run, { code: 0, stdout: 'late\n', stderr: '' })
})

t.test('an idle process turns twice a second, not all the time', async (t) => {
  const script = `
    const net = require('node:net')
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1')
      setTimeout(() => {
        let turns = 0
        const { setImmediate: turn } = globalThis
        const count = () => { turns++; turn(count).unref() }
        turn(count).unref()
        setTimeout(() => { console.log(turns); process.exit() }, 2000)
      }, 1000)
    })
  `
  const env = {
    NAT_KEEPALIVE_POOL: 'evict',
    NAT_KEEPALIVE_AUDIT: '500ms',
    NAT_KEEPALIVE_SYSCTL: 'off',
  }
  const { stdout } = await runNode(['-r', register, '-e', script], { env })
  t.ok(Number(stdout) > 2, `${stdout} turns`)
  t.ok(Number(stdout) < 100, `${stdout} turns`)
})
