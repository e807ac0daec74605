import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { ensurePackages } from '../packages'
import { register, withEnv } from '../run-node'

// Who ends a connection, told of every kind of client: on loopback, with a limit that is short.

const AUDIT_MS = 500
const LIMIT_MS = 2_000
const IDLE_MS = 4_000

const withRequest = ['http', 'https', 'fetch', 'http2', 'h2s', 'tunnel']
const waiting = [...withRequest, 'db']
const all = [...waiting, 'ws', 'pg']

/** What is told of each kind: its code. */
type Codes = Readonly<Record<string, string>>

function told(kinds: readonly string[], code: string): Codes {
  return Object.fromEntries(kinds.map((kind) => [kind, code]))
}

const ends: readonly { how: string; bare: Codes; kept: Codes; lost: string; of: string[] }[] = [
  {
    how: 'reset',
    bare: told(all, 'NKA301'),
    kept: told(waiting, 'NKA303'),
    lost: 'reset',
    of: all,
  },
  // No middlebox of layer 4 closes in good order, nor does a server that was killed reset what it read.
  {
    how: 'fin',
    bare: told(waiting, 'NKA303'),
    kept: told(waiting, 'NKA303'),
    lost: 'hang-up',
    of: waiting,
  },
  {
    how: 'kill',
    bare: told(waiting, 'NKA303'),
    kept: told(waiting, 'NKA303'),
    lost: 'hang-up',
    of: waiting,
  },
  // A session that is destroyed ends its streams first.
  {
    how: 'abort',
    bare: {},
    kept: {},
    lost: 'aborted',
    of: ['http', 'https', 'fetch', 'tunnel', 'db'],
  },
]

interface Client {
  readonly ports: Readonly<Record<string, number>>
  readonly events: readonly Readonly<Record<string, unknown>>[]
  // biome-ignore lint/suspicious/noExplicitAny: each code has facts of its own
  readonly said: readonly any[]
}

function lines(text: string) {
  return text.split('\n').filter(Boolean)
}

/** A program that waits on a connection of each kind, until they are ended as `how` says. */
async function client(t: Test, how: string, hook: Record<string, string> | null): Promise<Client> {
  const start = (env: Record<string, string>, ...args: string[]): ChildProcess => {
    const [command = '', ...rest] = withEnv(env, [process.execPath, ...args])
    const child = spawn(command, rest, { stdio: 'pipe' })
    t.teardown(() => child.kill('SIGKILL'))
    return child
  }
  const program = (path: string) => join(__dirname, path)
  const server = start({}, program('servers/kinds.cjs'))
  const ports = JSON.parse(String((await once(server.stdout ?? server, 'data'))[0]))
  const env = {
    PORTS: JSON.stringify(ports),
    NODE_PATH: await ensurePackages(join(__dirname, '..', 'story')),
    ...(how === 'abort' && { ABORT_MS: String(IDLE_MS) }),
    ...(hook !== null && {
      NAT_KEEPALIVE_AUDIT: `${AUDIT_MS}ms`,
      NAT_KEEPALIVE_DELAY: '1s',
      NAT_KEEPALIVE_FORMAT: 'json',
      NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
      NAT_KEEPALIVE_IDLE_WARN: 'off',
      NAT_KEEPALIVE_LIMIT: `${LIMIT_MS}ms`,
      NAT_KEEPALIVE_SYSCTL: 'off',
      ...hook,
    }),
  }
  const preloads = [register, program('programs/lost-channel.cjs')]
  const flags = hook === null ? [] : preloads.flatMap((path) => ['-r', path])
  const child = start(env, ...flags, program('programs/kinds.cjs'))
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk) => (out += chunk))
  child.stderr?.on('data', (chunk) => (err += chunk))
  while (!out.includes('"waits"')) await sleep(20)
  await sleep(IDLE_MS)
  if (how === 'kill') server.kill('SIGKILL')
  else if (how !== 'abort') server.stdin?.write(how)
  // Some looks later everything is told.
  await sleep(6 * AUDIT_MS)
  child.stdin?.end()
  await once(child, 'close')
  server.stdin?.end()
  const said = lines(err).map((line) => JSON.parse(line))
  return { ports, said, events: lines(out).map((line) => JSON.parse(line)) }
}

/** What differs between two runs of the same program. */
const NUMBERS = /(port: |\[Symbol\(async_id_symbol\)\]: )\d+/gi
/** What stands under an error that a timer made depends on what else was due. */
const TURNS =
  /\\+n +at (?:runNextTicks|process\.process(?:Timers|Immediate)|listOnTimeout) \([^)]*\)/g

/** What the program saw, of each kind in its order, without the times. */
function seen({ events }: Client): Record<string, unknown[]> {
  const byKind: Record<string, unknown[]> = {}
  for (const { at: _, ...event } of events) {
    const kind = String(event.event).split(' ')[0] ?? ''
    const text = JSON.stringify(event).replaceAll(NUMBERS, '$1N').replaceAll(TURNS, '')
    byKind[kind] = [...(byKind[kind] ?? []), JSON.parse(text)]
  }
  return byKind
}

t.jobs = 2
for (const { how, bare, kept, lost, of } of ends) {
  t.test(`who ends a connection: ${how}`, { buffered: true }, async (t) => {
    const [plain, unprotected, guarded] = await Promise.all([
      client(t, how, null),
      client(t, how, { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' }),
      client(t, how, {}),
    ])
    t.same(plain.said, [], 'Node alone says nothing')
    t.ok(Object.keys(seen(plain)).length >= 8, 'the program saw something of every kind')
    for (const [name, ran, expected] of [
      ['unprotected', unprotected, bare],
      ['protected', guarded, kept],
    ] as const) {
      t.strictSame(seen(ran), seen(plain), `${name}: the program sees the same`)
      const kindOf = (destination: string) =>
        Object.keys(ran.ports).find((kind) => destination === `127.0.0.1:${ran.ports[kind]}`)
      const findings = ran.said.filter((line) => 'code' in line)
      t.strictSame(
        Object.fromEntries(findings.map((one) => [kindOf(one.destination), one.code]).sort()),
        Object.fromEntries(Object.entries(expected).sort()),
        `${name}: what is told`,
      )
      for (const { destination, request, count, end } of findings) {
        const kind = kindOf(destination) ?? ''
        t.equal(count, 1, `${name}, ${kind}: once`)
        t.equal(end, lost, `${name}, ${kind}`)
        const expectedRequest = withRequest.includes(kind)
          ? { method: 'GET', host: kind === 'tunnel' ? 'api.test' : '127.0.0.1', path: null }
          : null
        t.strictSame(request, expectedRequest, `${name}, ${kind}: the request that waited`)
      }
      // A look that comes between a driver's goodbye and its answer takes that for a question.
      const isGoodbye = ({ destination, end }: { destination: string; end: string }) =>
        how === 'abort' && kindOf(destination) === 'pg' && end === 'hang-up'
      const deaths = ran.said
        .filter((line) => 'lost' in line)
        .map((line) => line.lost)
        .filter((death) => !isGoodbye(death))
      t.strictSame(
        deaths.map(({ destination, end }) => `${kindOf(destination)} ${end}`).sort(),
        of.map((kind) => `${kind} ${lost}`).sort(),
        `${name}: the channel has each of them once`,
      )
      for (const { minIdleMs, maxIdleMs } of deaths) {
        t.ok(maxIdleMs >= LIMIT_MS, `idle for ${minIdleMs} to ${maxIdleMs} ms`)
      }
    }
  })
}
