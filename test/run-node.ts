import { type ChildProcess, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
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

/** The environment of a program as a user starts it: without what the test runner adds to its own. */
export function cleanEnv(env: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, NODE_V8_COVERAGE, ...rest } = process.env
  const kept = Object.entries(rest).filter(
    ([name]) => !/^(TAP|_TAPJS|_NAT_|NAT_KEEPALIVE|DEBUG)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...env }
}

/** Says that the kernel's values have been told of, for tests of other things than that warning. */
export function told(): Record<string, string> {
  try {
    return { _NAT_KEEPALIVE_TOLD_NETNS: readlinkSync('/proc/self/ns/net') }
  } catch {
    return {}
  }
}

/** Runs node with `args` to its end. Kills it after `timeoutMs` (30 s). */
export function runNode(args: readonly string[], options: NodeOptions = {}): Promise<NodeRun> {
  const { env = {}, cwd = root, node = process.execPath, timeoutMs = 30_000, onStart } = options
  return new Promise((done, fail) => {
    const child = spawn(node, args, {
      cwd,
      env: cleanEnv({ ...told(), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
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
