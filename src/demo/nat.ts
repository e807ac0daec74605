import { setTimeout as sleep } from 'node:timers/promises'
import { createLab, type Expiry, type Lab, LabUnavailable } from '../lab/lab'
import { type ProbeTimer, readProbeTimer } from './probe-timer'
import { type Program, type Service, startClient, startService } from './program'
import type { Outcome } from './said'

export interface Times {
  /** Idle time after which the NAT forgets a connection. */
  readonly limitMs: number
  /** How long the service takes to answer. */
  readonly answerAfterMs: number
  /** How long a client waits for it. */
  readonly giveUpMs: number
}

/** What became of one request behind the NAT. */
export interface Story {
  readonly client: Outcome
  /** When the service answered, by its own clock; null where it did not. */
  readonly answeredMs: number | null
  readonly kernel: ProbeTimer
  /** When the NAT no longer knew the connection, null where it knew it to the end or `why`. */
  readonly forgottenMs: number | null
  readonly why: string | null
}

export interface Gateway {
  /** What a forgotten connection meets at its next packet. */
  readonly expiry: Expiry
  readonly without: Story
  readonly with: Story
}

/** Six times the first probe's second: slow machines keep the order of events. */
export const times: Times = { limitMs: 5000, answerAfterMs: 11_000, giveUpMs: 16_000 }

const lookAtNatEveryMs = 500

/** Both kinds of NAT, ready for use, until they are closed. */
export interface Labs {
  readonly labs: readonly Lab[]
  close(): Promise<void>
}

/** Builds the NATs, or says in a sentence why that is impossible here. */
export async function buildLabs(create = createLab): Promise<Labs | string> {
  const limitSeconds = times.limitMs / 1000
  const expiries: Expiry[] = ['reset', 'drop']
  const settled = await Promise.allSettled(
    expiries.map((expiry) => create({ limitSeconds, expiry })),
  )
  const labs = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async (): Promise<void> => {
    await Promise.all(labs.map((one) => one.close()))
  }
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed === undefined) return { labs, close }
  await close()
  if (failed.reason instanceof LabUnavailable) return failed.reason.message
  throw failed.reason
}

/** Part two: requests that wait longer than the NATs remember, all at the same time. */
export function measureNat({ labs }: Labs): Promise<Gateway[]> {
  return Promise.all(labs.map((lab) => measureGateway(lab)))
}

async function measureGateway(lab: Lab): Promise<Gateway> {
  const service = await startService(
    (argv, options) => lab.spawn('server', argv, options),
    lab.serverAddress,
    times.answerAfterMs,
  )
  const [without, withHook] = await Promise.all([
    follow(lab, service, '/without', false),
    follow(lab, service, '/with', true),
  ])
  return { expiry: lab.expiry, without, with: withHook }
}

async function follow(lab: Lab, service: Service, path: string, withHook: boolean): Promise<Story> {
  const client = startClient((argv, options) => lab.spawn('client', argv, options), service, {
    path,
    withHook,
    giveUpMs: times.giveUpMs,
    env: { NAT_KEEPALIVE_LIMIT: `${times.limitMs / 1000}s`, NAT_KEEPALIVE_AUDIT: 'off' },
  })
  const { localPort } = await client.hears('asked')
  const outcome = client.hears('outcome')
  const [{ said, ...seen }, kernel, fate] = await Promise.all([
    outcome,
    readProbeTimer(() => readTable(lab), localPort, service.port),
    watchNat(lab, localPort, outcome),
  ])
  return { client: seen, answeredMs: await serviceAnswered(service, path), kernel, ...fate }
}

async function readTable(lab: Lab): ReturnType<Parameters<typeof readProbeTimer>[0]> {
  const { code, stdout } = await lab.run('client', ['cat', '/proc/net/tcp'], { cwd: '/' })
  return code === 0
    ? { known: true, value: stdout }
    : { known: false, why: "the client's /proc/net/tcp could not be read" }
}

/** Looks at the table of the NAT until the connection is gone from it, or its client. */
async function watchNat(
  lab: Lab,
  port: number,
  outcome: Promise<unknown>,
): Promise<Pick<Story, 'forgottenMs' | 'why'>> {
  const startedAt = performance.now()
  let over = false
  const end = outcome.then(
    () => {
      over = true
    },
    () => {
      over = true
    },
  )
  let known = false
  while (!over) {
    try {
      const flows = await lab.flows()
      const found = flows.some((flow) => flow.includes(` sport=${port} `))
      if (known && !found) {
        return { forgottenMs: Math.round(performance.now() - startedAt), why: null }
      }
      known ||= found
    } catch (error) {
      return { forgottenMs: null, why: (error as Error).message }
    }
    await Promise.race([sleep(lookAtNatEveryMs), end])
  }
  return { forgottenMs: null, why: known ? null : 'the NAT does not show its connections' }
}

async function serviceAnswered(service: Program, path: string): Promise<number | null> {
  // The client may have the answer before the service has said so.
  const deadline = Date.now() + 1000
  for (;;) {
    for (const one of service.heard) {
      if (one.said === 'answered' && one.path === path) return one.ms
    }
    if (Date.now() > deadline) return null
    await sleep(20)
  }
}
