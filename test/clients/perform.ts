import { setTimeout as sleep } from 'node:timers/promises'
import { optionsOfProcess, type SocketOptions } from '../oracle/options-of-process'
import { register, withEnv } from '../run-node'
import type { Case } from './cases'
import { ClientProcess } from './client-process'
import type { Target } from './network'
import type { Stage } from './stage'

const { WAIT_SECONDS }: { WAIT_SECONDS: number } = require('./wait-seconds.cjs')

/** When the kernel is asked: so long into a wait, and back in the pool after the answer. */
export const moments = ['1 s', '5 s', 'pool'] as const

export type Moment = (typeof moments)[number]

/** What the kernel had for the connections to each target, by its name. */
export type Look = Readonly<Record<string, readonly SocketOptions[]>>

export interface Performance {
  /** A moment that a case does not have is absent. */
  readonly looks: Partial<Record<Moment, Look>>
  /** What went wrong. */
  readonly failures: readonly string[]
}

/** A target, and the port of the server there. */
export type Destination = Target & { readonly port: number }

const PATIENCE_MS = 40_000
/** Enough for an agent to put a connection back into its pool, or to close it. */
const POOL_MS = 500

/** No client is to look for the cloud, and the kernel's values are what this is not about. */
const QUIET = {
  AWS_EC2_METADATA_DISABLED: 'true',
  METADATA_SERVER_DETECTION: 'none',
  NAT_KEEPALIVE_SYSCTL: 'off',
  // What Node sets at once: how long a client takes is not to decide what is seen.
  NAT_KEEPALIVE_NATIVE: 'off',
}

const TOO_EARLY = 'the answer came too early'
const ATTEMPTS = 3

/**
 * Runs a case in a process of its own, with or without the hook, and asks the kernel about it. On a
 * machine that stands still for a while the answer can be there before the kernel is asked; that says
 * nothing about the client, which is run again.
 */
export async function perform(
  stage: Stage,
  one: Case,
  destinations: readonly Destination[],
  withHook: boolean,
): Promise<Performance> {
  for (let attempt = 1; ; attempt++) {
    const performance = await performOnce(stage, one, destinations, withHook)
    const early = performance.failures.some((failure) => failure.endsWith(TOO_EARLY))
    if (!early || attempt === ATTEMPTS) return performance
  }
}

async function performOnce(
  { network, packages, ca }: Stage,
  { file, name, neverAnswered = false, env }: Case,
  destinations: readonly Destination[],
  withHook: boolean,
): Promise<Performance> {
  const { folder, inside } = network
  const client = new ClientProcess(
    (args) => {
      const node = [process.execPath, ...(withHook ? ['-r', register] : [])]
      const variables = { HOME: folder, NODE_PATH: packages, NODE_EXTRA_CA_CERTS: ca, ...QUIET }
      return withEnv({ ...variables, ...env }, inside([...node, ...args]))
    },
    { file, name, ca, folder, targets: destinations, seconds: WAIT_SECONDS },
  )
  const looks: Performance['looks'] = {}
  const failures: string[] = []
  const until = <T>(what: string, isThere: () => T) =>
    client.until(what, PATIENCE_MS, () => {
      if (client.failures.length > 0 && !neverAnswered) throw new Error('The client failed.')
      return isThere()
    })
  try {
    await until('requests under way', () => client.waiting !== null)
    const everywhere = () =>
      Object.values(look(client, destinations)).every(({ length }) => length > 0)
    await until('connection to every target', everywhere)
    const begun = Date.now()
    await sleep(1_000)
    looks['1 s'] = look(client, destinations)
    await sleep(begun + 5_000 - Date.now())
    looks['5 s'] = look(client, destinations)
    for (const early of client.answered.keys()) failures.push(`${early}: ${TOO_EARLY}`)

    if (client.waiting !== 0 && !neverAnswered) {
      const pooled = destinations.map(async (destination) => {
        const since = await until('answer', () => client.answered.get(destination.name))
        await sleep(since + POOL_MS - Date.now())
        return look(client, [destination])
      })
      looks.pool = Object.assign({}, ...(await Promise.all(pooled)))
    }
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    if (!neverAnswered) failures.push(...client.failures)
    await client.end()
  }
  const unhooked = client.stderr.includes('NKA002')
  if (unhooked || (failures.length > 0 && client.stderr !== '')) failures.push(client.stderr.trim())
  return { looks, failures }
}

/** What the kernel has for the connections to each of these. */
function look(client: ClientProcess, destinations: readonly Destination[]): Look {
  const all = optionsOfProcess(client.pid)
  return Object.fromEntries(
    destinations.map(({ name, address }) => [
      name,
      all.filter(({ remote }) => remote.address === address),
    ]),
  )
}
