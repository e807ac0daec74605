import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '../../src/index'
import { register, root, withEnv } from '../run-node'
import { optionsOfProcess, type SocketOptions } from './options-of-process'

const REPORTS = join(__dirname, 'report-on-demand.cjs')

/** A program with the hook that says what it knows whenever it is asked. */
export interface AskedProcess {
  readonly pid: number
  readonly child: ChildProcess
  /** What it printed so far. */
  readonly said: { stdout: string; stderr: string }
  /** What report() says in it now. */
  report(): Promise<Report>
  /** The next line it prints on stdout. */
  line(): Promise<string>
  kill(): Promise<void>
}

export interface AskedOptions {
  readonly env?: Record<string, string | undefined>
  /** Before node on the command line: `unshare`, `setpriv`. It has to replace itself with node. */
  readonly prefix?: readonly string[]
  /** Without the preload, for a program that installs the hook itself. */
  readonly preload?: boolean
  /** What the program inherits from descriptor 4 on. */
  readonly inherit?: readonly unknown[]
}

/** The environment of the programs whose connections stay on this machine. */
export const onLoopback = {
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_SYSCTL: 'off',
  NAT_KEEPALIVE_FORMAT: 'json',
}

export function startAsked(args: readonly string[], options: AskedOptions = {}): AskedProcess {
  const { env = {}, prefix = [], preload = true, inherit = [] } = options
  const hook = preload ? ['-r', register] : []
  const node = [process.execPath, ...hook, '-r', REPORTS, ...args]
  const [command = '', ...rest] = withEnv({ ...onLoopback, ...env }, [...prefix, ...node])
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe', ...inherit] as StdioOptions
  const child = spawn(command, rest, { cwd: root, stdio })
  const said = { stdout: '', stderr: '' }
  child.stderr?.setEncoding('utf8').on('data', (text) => (said.stderr += text))
  child.stdout?.setEncoding('utf8').on('data', (text) => (said.stdout += text))
  const lines = linesOf(child.stdout as Readable)
  const reports = linesOf(child.stdio[3] as Readable)
  const closed = once(child, 'close').then(() => {
    throw new Error(`The program ended: ${JSON.stringify(said)}`)
  })
  closed.catch(() => {})
  const next = async (source: AsyncIterator<string>) => {
    const { value, done } = await Promise.race([source.next(), closed])
    return done ? closed : (value as string)
  }
  const ready = next(reports)
  ready.catch(() => {})

  return {
    pid: child.pid as number,
    child,
    said,
    async report() {
      await ready
      child.kill('SIGUSR2')
      const report = JSON.parse(await next(reports))
      if ('thrown' in report) throw new Error(report.thrown)
      return report
    },
    line: () => next(lines),
    async kill() {
      child.kill('SIGKILL')
      await closed.catch(() => {})
    },
  }
}

function linesOf(stream: Readable): AsyncIterator<string> {
  return createInterface(stream)[Symbol.asyncIterator]()
}

/** What both witnesses say of the connections to a port at one moment. */
export interface Look {
  readonly report: Report
  readonly options: readonly SocketOptions[]
}

/**
 * Reads the options before and after the report, until nothing changed between the two, and until
 * no data is on its way, which hides keepalive from the table that the report reads.
 */
export async function lookAt(asked: AskedProcess, remotePort: number, least = 1): Promise<Look> {
  let last: Look | undefined
  for (let again = 0; again < 100; again++) {
    const before = optionsOfProcess(asked.pid, { remotePort })
    const report = await asked.report()
    const options = optionsOfProcess(asked.pid, { remotePort })
    last = { report, options }
    const still = JSON.stringify(before) === JSON.stringify(options)
    const hidden = [...report.sockets, ...(report.foreign ?? [])].some(
      ({ kernel }) => kernel.armed === null,
    )
    if (still && !hidden && options.length >= least) return last
    await sleep(100)
  }
  throw new Error(`It does not come to rest: ${JSON.stringify(last)}`)
}
