import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { findTools, type Tools } from './find-tools'
import { type Holder, probeHolder, startHolder } from './holder'
import { enter, killGroup, redirectKill } from './inside'
import { LabUnavailable } from './lab-unavailable'
import { readToll, type Toll } from './toll'
import {
  clientAddress,
  type Expiry,
  eatingBegins,
  flushScript,
  holderScript,
  outageBegins,
  outageEnds,
  type Place,
  serverAddresses,
  tollScript,
} from './topology'

export { LabUnavailable } from './lab-unavailable'
export type { Toll } from './toll'
export { clientAddress, type Expiry, type Place, serverAddresses } from './topology'

export interface LabOptions {
  /** Idle seconds after which the NAT forgets a flow; 5 by default. */
  limitSeconds?: number
  /** What the client's next packet on a forgotten flow meets; `reset` by default. */
  expiry?: Expiry
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv
  timeoutMs?: number
  cwd?: string
  input?: string
}

export interface RunResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  timedOut: boolean
}

/** A client, a NAT and a server, each in its own network namespace, on this machine only. */
export interface Lab {
  /** The address clients connect to: the first of serverAddresses. */
  readonly serverAddress: string
  readonly serverAddresses: readonly [string, string]
  readonly clientAddress: string
  readonly limitSeconds: number
  readonly expiry: Expiry
  /**
   * Starts a command there, in a session of its own. Its pid is that of a helper outside; `kill`
   * reaches the command itself, and the exit code and signal are the command's.
   */
  spawn(where: Place, argv: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a command there to its end, or kills it and its session after timeoutMs. */
  run(where: Place, argv: readonly string[], options?: RunOptions): Promise<RunResult>
  /** Begins or ends an outage beyond the NAT: packets vanish in both directions, without ICMP. */
  outage(on: boolean): Promise<void>
  /** Makes the NAT forget every flow at once. */
  flush(): Promise<void>
  /** The flows the NAT knows, one line each, as the kernel prints them. */
  flows(): Promise<string[]>
  /**
   * From now on segments without data are lost beyond the NAT, in both directions, on connections on
   * which no data has moved for a while: keepalive probes and their answers. The first `afterProbes`
   * of each connection still pass.
   */
  eatProbes(afterProbes: number): Promise<void>
  /** What the NAT's forgetting has cost so far. */
  toll(): Promise<Toll>
  /** Kills every command and removes the namespaces. May be called again. */
  close(): Promise<void>
}

const defaults = { limitSeconds: 5, expiry: 'reset' as Expiry }

/** Null where a lab can be built; else one sentence that says what is missing and how to get it. */
export function missingTools(): string | null {
  try {
    return probeHolder(findTools(), holderScript(defaults.limitSeconds, defaults.expiry))
  } catch (error) {
    if (error instanceof LabUnavailable) return error.message
    throw error
  }
}

/** Builds a lab. Throws a LabUnavailable where that is impossible, a RangeError for bad options. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const { limitSeconds, expiry } = { ...defaults, ...options }
  // The kernel keeps it in jiffies in 32 bits; a day is far beyond any middlebox and safe.
  if (!Number.isInteger(limitSeconds) || limitSeconds < 1 || limitSeconds > 86400) {
    throw new RangeError(
      `The option limitSeconds is ${limitSeconds}, and has to be a whole number from 1 to 86400.`,
    )
  }
  if (expiry !== 'reset' && expiry !== 'drop') {
    throw new RangeError(`The option expiry is "${expiry}", and has to be "reset" or "drop".`)
  }
  const tools = findTools()
  const holder = await startHolder(tools, holderScript(limitSeconds, expiry))
  return makeLab(tools, holder, limitSeconds, expiry)
}

function makeLab(tools: Tools, holder: Holder, limitSeconds: number, expiry: Expiry): Lab {
  const running = new Set<ChildProcess>()
  const ownEnv = { PATH: tools.searchPath, LC_ALL: 'C' }
  let closing: Promise<void> | null = null

  const lab: Lab = {
    serverAddress: serverAddresses[0],
    serverAddresses,
    clientAddress,
    limitSeconds,
    expiry,

    spawn(where, argv, options = {}) {
      if (closing !== null || holder.ended) throw new Error('The lab is closed.')
      const { cwd = process.cwd(), ...rest } = options
      const [file, ...args] = enter(tools, holder, where, cwd, argv)
      // Without a terminal of its own, the helper survives a Ctrl-C that the command handles.
      const child = spawn(file as string, args, { ...rest, cwd: '/', detached: true, shell: false })
      running.add(child)
      child.on('exit', () => running.delete(child))
      child.on('error', () => running.delete(child))
      redirectKill(child)
      return child
    },

    run(where, argv, options = {}) {
      return collect(lab.spawn(where, argv, spawnOptions(options)), options)
    },

    async outage(on) {
      await must(['nft', '-f', '-'], on ? outageBegins : outageEnds)
    },

    async flush() {
      await must(['sh', '-c', flushScript])
    },

    async eatProbes(afterProbes) {
      await must(['nft', '-f', '-'], eatingBegins(afterProbes))
    },

    async toll() {
      const sets = await must(['sh', '-c', tollScript])
      const { stdout } = await lab.run('client', ['cat', '/proc/net/netstat'], { cwd: '/' })
      return readToll(sets, stdout)
    },

    async flows() {
      const kernelList = 'if [ -r /proc/net/nf_conntrack ]; then cat /proc/net/nf_conntrack; '
      const listing = await must(['sh', '-c', `${kernelList} else conntrack -L; fi`])
      return listing.split('\n').filter(Boolean)
    },

    close() {
      closing ??= end()
      return closing
    },
  }

  async function must(argv: string[], input = ''): Promise<string> {
    const result = await lab.run('nat', argv, { env: ownEnv, cwd: '/', input })
    if (result.code === 0) return result.stdout
    throw new Error(`The command "${argv[0]}" failed in the NAT: ${result.stderr.trim()}`)
  }

  async function end(): Promise<void> {
    const left = [...running].map((child) => new Promise((resolve) => child.on('exit', resolve)))
    await holder.end()
    await Promise.all(left)
  }

  return lab
}

function spawnOptions({ env, cwd }: RunOptions): SpawnOptions {
  return { ...(env && { env }), ...(cwd !== undefined && { cwd }) }
}

function collect(child: ChildProcess, { timeoutMs, input }: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer = setTimeout(
      () => {
        timedOut = true
        killGroup(child, 'SIGKILL')
      },
      timeoutMs ?? 2 ** 31 - 1,
    )
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    // A command need not read its input.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr, timedOut })
    })
  })
}
