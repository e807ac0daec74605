import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import type { Lab } from '../../src/lab/lab'
import { register } from '../run-node'

/** What a program of this folder saw: one event. */
export interface Seen {
  readonly at: number
  readonly event: string
  readonly [detail: string]: unknown
}

/** A finding as NAT_KEEPALIVE_FORMAT=json prints it. */
export interface Told {
  readonly code: string
  readonly message: string
  readonly time: string
  // biome-ignore lint/suspicious/noExplicitAny: each code has facts of its own
  readonly [fact: string]: any
}

export interface Ran {
  readonly events: readonly Seen[]
  readonly told: readonly Told[]
  /** What the channel of lost connections said. */
  // biome-ignore lint/suspicious/noExplicitAny: compared with patterns
  readonly lost: readonly any[]
  readonly stderr: string
}

/** How often the auditor looks. */
export const AUDIT_MS = 500

const FOLDER = '/run'
const LAB_CERTIFICATE = join(__dirname, '..', 'story', 'servers', 'lab.test.crt')

const bare = { PATH: process.env.PATH, HOME: FOLDER, TMPDIR: FOLDER }

/** Starts a server of this folder, or of the story, in the lab. */
export async function serve(
  lab: Lab,
  path: string,
): Promise<{ port: string; child: ChildProcess }> {
  const argv = [process.execPath, join(__dirname, path), lab.serverAddress]
  const child = lab.spawn('server', argv, { env: bare, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk) => (said += chunk))
  child.stdout?.on('data', (chunk) => (said += chunk))
  for (;;) {
    const port = /^ready (\d+) /m.exec(said)?.[1]
    if (port !== undefined) return { port, child }
    const ended = once(child, 'close').then(() => Promise.reject(new Error(`${path}: ${said}`)))
    await Promise.race([once(child.stdout ?? child, 'data'), ended])
  }
}

/** What runs a program of this folder as a client in the lab; with `hook`, under the hook. */
export function commandOf(
  lab: Lab,
  program: string,
  settings: Record<string, string>,
  hook: Record<string, string> | null,
): { argv: string[]; env: NodeJS.ProcessEnv } {
  const preloads = [register, join(__dirname, 'programs', 'lost-channel.cjs')]
  const flags = hook === null ? [] : preloads.flatMap((path) => ['-r', path])
  const file = join(__dirname, 'programs', `${program}.cjs`)
  return {
    argv: [process.execPath, ...flags, file],
    env: {
      ...bare,
      NODE_EXTRA_CA_CERTS: LAB_CERTIFICATE,
      TARGET_HOST: lab.serverAddress,
      ...settings,
      ...(hook !== null && {
        NAT_KEEPALIVE_LIMIT: `${lab.limitSeconds}s`,
        NAT_KEEPALIVE_AUDIT: `${AUDIT_MS}ms`,
        NAT_KEEPALIVE_FORMAT: 'json',
        NAT_KEEPALIVE_SYSCTL: 'off',
        ...hook,
      }),
    },
  }
}

/** Runs a program of this folder as a client in the lab; with `hook`, under the hook. */
export async function run(
  lab: Lab,
  program: string,
  settings: Record<string, string>,
  hook: Record<string, string> | null,
): Promise<Ran> {
  const { argv, env } = commandOf(lab, program, settings, hook)
  const ran = await lab.run('client', argv, { env, timeoutMs: 60_000 })
  if (ran.code !== 0) throw new Error(`${program} ended badly: ${JSON.stringify(ran)}`)
  return ranOf(ran)
}

/** What a program printed. */
export function ranOf(ran: { readonly stdout: string; readonly stderr: string }): Ran {
  const lines = (text: string) => text.split('\n').filter(Boolean)
  const said = lines(ran.stderr).map((line) => JSON.parse(line))
  return {
    events: lines(ran.stdout).map((line) => JSON.parse(line)),
    told: said.filter((line) => 'code' in line),
    lost: said.filter((line) => 'lost' in line).map(({ lost }) => lost),
    stderr: ran.stderr,
  }
}

/** What leaves connections to the lab's server alone. */
export function unprotected(lab: Lab): Record<string, string> {
  return { NAT_KEEPALIVE_EXCLUDE: lab.serverAddress }
}

/**
 * Runs a program without the hook and with it, at the same time, and checks that it saw the same:
 * the same errors in every detail, from the same events, in the same order.
 */
export async function runBoth(
  t: Test,
  lab: Lab,
  program: string,
  settings: Record<string, string>,
  hook: Record<string, string>,
): Promise<Ran> {
  const [plain, hooked] = await Promise.all([
    run(lab, program, settings, null),
    run(lab, program, settings, hook),
  ])
  const name = [program, settings.PROTOCOL, settings.HOW].filter(Boolean).join(', ')
  t.ok(plain.events.length > 0, `${name}: something was seen`)
  t.strictSame(timeless(hooked), timeless(plain), `${name}: the program sees the same`)
  t.equal(plain.stderr, '', `${basename(program)} says nothing itself`)
  return hooked
}

/** By which of Node's own functions a stack came about depends on what else was due at that moment. */
const NODE_FRAMES = /\n +at [^\n]*\(?node:internal[^\n]*/g

function timeless({ events }: Ran) {
  const plain = (_name: string, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(NODE_FRAMES, '') : value
  return events.map(({ at, ...rest }) => JSON.parse(JSON.stringify(rest, plain)))
}

/** When a program first saw an event, in milliseconds since the epoch. */
export function when({ events }: Ran, event: RegExp): number {
  return events.find((seen) => event.test(seen.event))?.at ?? Number.NaN
}

export function timeOf(told: Told | undefined): number {
  return Date.parse(told?.time ?? '')
}

export function withCode({ told }: Ran, code: string): readonly Told[] {
  return told.filter((one) => one.code === code)
}
