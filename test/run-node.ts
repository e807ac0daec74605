import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

/** The folder of the checkout. */
export const root = resolve(__dirname, '..')

/** The preload entry as a user of a checkout names it. */
export const register = join(root, 'register.js')

export interface NodeRun {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface NodeOptions {
  env?: Record<string, string | undefined>
  cwd?: string
  /** Another node than the one that runs the tests. */
  node?: string
  timeoutMs?: number
  onStart?: (child: ChildProcess) => void
}

/** The environment of a program as a user starts it: without what a test runner or CI adds. */
function cleanEnv(env: Record<string, string | undefined>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_|TAP|_TAPJS|NAT_KEEPALIVE|CI$|DEBUG$|FORCE_COLOR$|NO_COLOR$)/.test(name),
  )
  const entries = Object.entries({ ...Object.fromEntries(kept), ...env })
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] != null))
}

/**
 * A command line that runs `argv` in exactly that environment. The test runner puts its own loader
 * into NODE_OPTIONS of whatever is spawned, so the environment is laid on behind it.
 */
export function withEnv(env: Record<string, string | undefined>, argv: string[]): string[] {
  const variables = Object.entries(cleanEnv(env)).map(([name, value]) => `${name}=${value}`)
  return ['env', '-i', ...variables, ...argv]
}

/** Runs node with `args` to its end. Kills it after `timeoutMs` (30 s). */
export function runNode(args: readonly string[], options: NodeOptions = {}): Promise<NodeRun> {
  const { env = {}, cwd = root, node = process.execPath, timeoutMs = 30_000, onStart } = options
  return new Promise((done, fail) => {
    const [command = '', ...rest] = withEnv(env, [node, ...args])
    const child = spawn(command, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const run: NodeRun = { code: null, signal: null, stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (run.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (run.stderr += text))
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('error', fail)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      done({ ...run, code, signal })
    })
    onStart?.(child)
  })
}
