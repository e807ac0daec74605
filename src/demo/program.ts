import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Said } from './said'

/** Starts a program on this machine, or in a place of a lab. */
export type Start = (argv: readonly string[], options: SpawnOptions) => ChildProcess

/** A program of the demo that was started, and what it says. */
export interface Program {
  readonly pid: number
  /** The first of that kind that it says, or has said. Throws if it ends without. */
  hears<S extends Said['said']>(said: S): Promise<Extract<Said, { said: S }>>
  /** All that it has said. */
  readonly heard: readonly Said[]
  /** Kills it, and waits for its end. */
  end(): Promise<void>
}

/** Starts programs that end when `signal` aborts. */
export function startHere(signal: AbortSignal): Start {
  return ([file = '', ...args], options) =>
    spawn(file, args, { ...options, signal, killSignal: 'SIGKILL' })
}

const programs = {
  service: resolve(__dirname, 'service.js'),
  client: resolve(__dirname, 'client.js'),
}
const register = resolve(__dirname, '..', '..', 'register.js')

export async function startService(start: Start, address: string, answerAfterMs: number) {
  const argv = [process.execPath, programs.service, address, String(answerAfterMs)]
  const program = follow('service', start(argv, surroundings({})))
  const { port, secret } = await program.hears('listening')
  return { ...program, origin: `https://${address}:${port}`, port, secret }
}

export type Service = Awaited<ReturnType<typeof startService>>

export interface ClientOptions {
  readonly path: string
  readonly withHook: boolean
  readonly giveUpMs: number
  /** Settings of the hook. */
  readonly env?: NodeJS.ProcessEnv
}

export function startClient(start: Start, service: Service, options: ClientOptions): Program {
  const { path, withHook, giveUpMs, env } = options
  const preload = withHook ? ['-r', register] : []
  const argv = [process.execPath, ...preload, programs.client]
  const own = {
    DEMO_URL: `${service.origin}${path}`,
    DEMO_SECRET: service.secret,
    DEMO_GIVE_UP_MS: String(giveUpMs),
    // What the kernel's defaults are is another story, which `doctor` tells.
    NAT_KEEPALIVE_SYSCTL: 'off',
  }
  return follow('client', start(argv, surroundings({ ...own, ...env })))
}

/** The environment of this process without what would change how Node or the hook behaves. */
export function cleanEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(NODE_.*|_?NAT_KEEPALIVE.*|DEBUG|SSLKEYLOGFILE)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)))
}

function surroundings(env: NodeJS.ProcessEnv): SpawnOptions {
  return { env: { ...cleanEnv(process.env), ...env }, stdio: ['pipe', 'pipe', 'pipe'] }
}

function follow(name: string, child: ChildProcess): Program {
  const heard: Said[] = []
  const listeners = new Set<() => void>()
  let complaint = ''
  let ended: string | null = null

  const wake = (): void => {
    for (const listener of listeners) listener()
    listeners.clear()
  }
  const closed = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      ended ??= how
      wake()
      resolve()
    }
    child.on('error', (error) => {
      // An aborted child has been killed, and is about to close.
      if (error.name !== 'AbortError') end(error.message)
    })
    child.on('close', (code, signal) => end(`it ended with ${code ?? signal}. ${complaint.trim()}`))
  })
  child.stdin?.on('error', () => {})
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    complaint += text
  })
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      heard.push(JSON.parse(line))
      wake()
    })
  }

  return {
    pid: child.pid ?? 0,
    heard,
    async hears<S extends Said['said']>(said: S) {
      for (;;) {
        const found = heard.find((one) => one.said === said)
        if (found !== undefined) return found as Extract<Said, { said: S }>
        if (ended !== null) throw new Error(`The ${name} of the demo has a problem: ${ended}`)
        await new Promise<void>((resolve) => listeners.add(resolve))
      }
    },
    async end() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
