import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Report } from '../../src/index'
import { ensurePackages } from '../packages'
import { root, withEnv } from '../run-node'
import { cases } from '../story/cases'
import { lookAt, startAsked } from './asked-process'
import type { SocketOptions } from './options-of-process'

const story = join(__dirname, '..', 'story')
/** A client takes up to a second of a processor to load, and is waited for then. */
const AT_ONCE = 8
/** The AWS SDK copies its agent's keepalive onto the socket three seconds into the request. */
const LATE_MS = 4_000

/** Starts a server of the story on loopback and returns its port. */
async function serve(t: Test, name: string): Promise<string> {
  const file = join(story, 'servers', `${name === 'postgres' ? 'postgres-stand-in' : name}.cjs`)
  const [command = '', ...args] = withEnv({}, [process.execPath, file, '127.0.0.1'])
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(server, 'close')
  t.teardown(async () => {
    server.kill('SIGKILL')
    await closed
  })
  const [line] = await once(server.stdout, 'data')
  const port = /^ready (\d+) /.exec(String(line))?.[1]
  if (port === undefined) throw new Error(`The server ${name} is not ready: ${line}`)
  return port
}

/** The verdict that the options alone give, seconds and milliseconds put aside. */
function verdictOf({ on, idle }: SocketOptions, limitMs: number): 'safe' | 'at-risk' {
  return on && idle * 1_000 < limitMs ? 'safe' : 'at-risk'
}

/** What both witnesses say, in the same words, sorted by local port. */
function compared(report: Report, options: readonly SocketOptions[], remotePort: number) {
  const limitMs = report.settings?.limitMs ?? Number.NaN
  const byPort = (a: { port: number | null }, b: { port: number | null }) =>
    Number(a.port) - Number(b.port)
  return {
    told: report.sockets
      .filter(({ remote }) => remote.port === remotePort)
      .map(({ local, kernel, verdict }) => ({ port: local.port, armed: kernel.armed, verdict }))
      .sort(byPort),
    real: options
      .map((one) => ({ port: one.local.port, armed: one.on, verdict: verdictOf(one, limitMs) }))
      .sort(byPort),
  }
}

function agree(
  t: Test,
  report: Report,
  options: readonly SocketOptions[],
  port: number,
  name: string,
) {
  const { told, real } = compared(report, options, port)
  t.strictSame(told, real, `${name}: the report agrees with the socket`)
  t.strictSame(report.foreign, [], `${name}: what JavaScript opened is not foreign`)
  return real
}

const settings = {
  'with the hook': {},
  'without protection': { NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8' },
}

t.test('over every client of the story, in flight and pooled', async (t) => {
  const NODE_PATH = await ensurePackages(story)
  const kinds = [...new Set(cases.map(({ server }) => server))]
  const ports = Object.fromEntries(
    await Promise.all(kinds.map(async (kind) => [kind, await serve(t, kind)] as const)),
  )
  const seen: Record<string, Set<string>> = {}
  const runs = [...new Map(cases.map((one) => [`${one.client}, ${one.mode}`, one]))].flatMap(
    ([name, one]) => Object.entries(settings).map(([how, env]) => ({ name, one, how, env })),
  )
  const perform = async ({ name, one, how, env }: (typeof runs)[number]) => {
    const port = ports[one.server] ?? ''
    const asked = startAsked([join(story, 'clients', `${one.client}.cjs`)], {
      env: {
        NODE_PATH,
        NODE_EXTRA_CA_CERTS: join(story, 'servers', 'lab.test.crt'),
        AWS_EC2_METADATA_DISABLED: 'true',
        METADATA_SERVER_DETECTION: 'none',
        ...one.env,
        ...env,
        MODE: one.mode,
        TARGET_HOST: '127.0.0.1',
        TARGET_PORT: port,
        WAIT_MS: '120000',
        IDLE_MS: '120000',
        GIVE_UP_MS: '240000',
      },
    })
    try {
      await connected(asked)
      const moments = one.client.startsWith('aws') ? ['early', 'late'] : ['early']
      for (const moment of moments) {
        // The answer, and what a pool sets on the connection, come after the connection.
        await sleep(moment === 'early' ? 500 : LATE_MS)
        const { report, options } = await lookAt(asked, Number(port))
        const title = `${name}, ${how}, ${moment}`
        const real = agree(t, report, options, Number(port), title)
        seen[how] ??= new Set()
        for (const { verdict } of real) seen[how]?.add(verdict)
        if (how === 'with the hook') {
          t.ok(
            real.every(({ verdict }) => verdict === 'safe'),
            `${title}: safe`,
          )
        }
      }
      t.equal(asked.said.stdout, '')
    } finally {
      await asked.kill()
    }

    async function connected({ report }: typeof asked) {
      for (let again = 0; again < 200; again++) {
        const { sockets } = await report()
        if (sockets.some(({ bytesWritten }) => bytesWritten > 0)) return
        await sleep(100)
      }
      throw new Error(`${name} did not ask anything: ${JSON.stringify(asked.said)}`)
    }
  }
  const queue = runs.values()
  const worker = async () => {
    for (const run of queue) await perform(run)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  t.strictSame([...(seen['with the hook'] ?? [])], ['safe'])
  t.strictSame([...(seen['without protection'] ?? [])].sort(), ['at-risk', 'safe'], 'both occur')
})

/** Ways to have keepalive on and yet be lost, or off and on again; each with what the path allows. */
const table: readonly {
  name: string
  body: string
  env?: Record<string, string>
  verdict: 'safe' | 'at-risk'
}[] = [
  { name: 'never asked', body: 'open()', verdict: 'safe' },
  {
    name: 'never asked, excluded',
    body: 'open()',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
    verdict: 'at-risk',
  },
  {
    name: 'on without a delay, excluded: 7200 s',
    body: 'open((s) => s.setKeepAlive(true))',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
    verdict: 'at-risk',
  },
  {
    name: 'ten minutes, respected',
    body: 'open((s) => s.setKeepAlive(true, 600_000))',
    env: { NAT_KEEPALIVE_APP: 'respect' },
    verdict: 'at-risk',
  },
  {
    name: 'ten minutes, capped',
    body: 'open((s) => s.setKeepAlive(true, 600_000))',
    verdict: 'safe',
  },
  {
    name: 'half a minute, excluded',
    body: 'open((s) => s.setKeepAlive(true, 30_000))',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
    verdict: 'safe',
  },
  {
    name: 'on, then off, respected',
    body: 'open((s) => s.setKeepAlive(true, 1_000).setKeepAlive(false))',
    env: { NAT_KEEPALIVE_APP: 'respect' },
    verdict: 'at-risk',
  },
  {
    name: 'the constructor option, excluded',
    body: 'open(() => {}, { keepAlive: true, keepAliveInitialDelay: 20_000 })',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
    verdict: 'safe',
  },
  {
    name: 'the constructor option of ten minutes, excluded',
    body: 'open(() => {}, { keepAlive: true, keepAliveInitialDelay: 600_000 })',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
    verdict: 'at-risk',
  },
  {
    name: 'exempt, then off',
    body: 'open((s) => { api.exempt(s); s.setKeepAlive(false) })',
    verdict: 'at-risk',
  },
  {
    name: 'past the prototype: off on the handle',
    body: 'open((s) => s._handle.setKeepAlive(false, 0))',
    verdict: 'at-risk',
  },
  {
    name: 'past the prototype: an hour on the handle',
    body: 'open((s) => s._handle.setKeepAlive(true, 3600))',
    verdict: 'at-risk',
  },
  {
    name: 'the times of the kernel',
    body: 'open()',
    env: { NAT_KEEPALIVE_MODE: 'kernel' },
    verdict: 'at-risk',
  },
  {
    name: 'a limit below the delay that was asked for, excluded',
    body: 'open((s) => s.setKeepAlive(true, 9_000))',
    env: { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1', NAT_KEEPALIVE_LIMIT: '5s' },
    verdict: 'at-risk',
  },
]

for (const { name, body, env = {}, verdict } of table) {
  t.test(`over a socket: ${name}`, async (t) => {
    const index = JSON.stringify(join(root, 'dist', 'index.js'))
    const source = `
      const net = require('node:net')
      const api = require(${index})
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address()
        const open = (then = () => {}, options = {}) => {
          const socket = net.connect({ port, host: '127.0.0.1', ...options }, () => {
            then(socket)
            console.log(port)
          })
        }
        ${body}
      })`
    const asked = startAsked(['-e', source], { env })
    t.teardown(() => asked.kill())
    const port = Number(await asked.line())
    const { report, options } = await lookAt(asked, port)
    const real = agree(t, report, options, port, name)
    t.match(real, [{ verdict }], 'the case is what it says')
    t.match(report.sockets[0]?.reason, /\.$/, 'the reason is a sentence')
  })
}
