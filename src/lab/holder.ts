import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { childOf } from './child-of'
import type { Tools } from './find-tools'
import { explainRefusal } from './lab-unavailable'

/** The process that keeps a lab's namespaces alive: they end when it does. */
export interface Holder {
  readonly pid: number
  /** Whether it has a user namespace of its own, because we are not privileged without one. */
  readonly ownUsers: boolean
  readonly ended: boolean
  end(): Promise<void>
}

interface Attempt {
  argv: string[]
  ownUsers: boolean
}

/** Builds the namespaces and answers the sentence of what stopped it, or null. */
export function probeHolder(tools: Tools, script: string): string | null {
  let stderr = ''
  for (const { argv } of attempts(script)) {
    const result = spawnSync(tools.paths.unshare, argv, { ...surroundings(tools), input: '' })
    if (result.status === 0) return null
    stderr = String(result.stderr ?? result.error)
  }
  return explainRefusal(stderr, isRoot()).message
}

export async function startHolder(tools: Tools, script: string): Promise<Holder> {
  let stderr = ''
  for (const attempt of attempts(script)) {
    // Detached, so that Ctrl-C in the terminal does not end the lab before the commands in it.
    const unshare = spawn(tools.paths.unshare, attempt.argv, {
      ...surroundings(tools),
      detached: true,
    })
    const refusal = await becomesReady(unshare)
    if (refusal === null) return hold(unshare, attempt.ownUsers)
    stderr = refusal
  }
  throw explainRefusal(stderr, isRoot())
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function attempts(script: string): Attempt[] {
  const common = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  const command = ['--', 'sh', '-c', script]
  const unprivileged = {
    argv: ['--user', '--map-root-user', ...common, ...command],
    ownUsers: true,
  }
  // Root of a container may lack the privilege and still be allowed a user namespace.
  return isRoot()
    ? [{ argv: [...common, ...command], ownUsers: false }, unprivileged]
    : [unprivileged]
}

function surroundings(tools: Tools): { env: NodeJS.ProcessEnv; cwd: string } {
  return { env: { PATH: tools.searchPath, LC_ALL: 'C' }, cwd: '/' }
}

function becomesReady(unshare: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    let stdout = ''
    let stderr = ''
    unshare.stdin?.on('error', () => {})
    unshare.stdout?.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('ready\n')) resolve(null)
    })
    unshare.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    unshare.on('error', (error) => resolve(error.message))
    unshare.on('close', () => resolve(stderr))
  })
}

function hold(unshare: ChildProcess, ownUsers: boolean): Holder {
  const pid = childOf(unshare.pid as number)
  if (pid === null) throw new Error('The process that holds the lab ended as soon as it was ready.')
  let ended = false
  const exit = new Promise<void>((resolve) => {
    unshare.on('exit', () => {
      ended = true
      resolve()
    })
  })
  // A program that forgets to close the lab ends all the same, and its stdin pipe with it.
  unshare.unref()
  for (const stream of unshare.stdio) (stream as Socket | null)?.unref()
  return {
    pid,
    ownUsers,
    get ended() {
      return ended
    },
    async end() {
      if (ended) return
      unshare.ref()
      // As process 1 of its pid namespace it is reaped only after all the others there.
      process.kill(pid, 'SIGKILL')
      await exit
    },
  }
}
