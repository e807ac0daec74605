import type { Test } from 'tap'
import { parseConfig } from '../../src/settings/config'
import { type NodeRun, register, runNode } from '../run-node'
import { setsProbes } from '../ways-expected'
import type { Look, Network, Observer } from './network'

/** How a program is started, without the hook or with it. */
export interface Start {
  readonly argv: readonly string[]
  readonly env?: Record<string, string>
  readonly cwd?: string
}

export interface Observed {
  readonly run: NodeRun
  readonly looks: readonly Look[]
}

const { delayMs, intervalMs, probes } = parseConfig({}).config

/** What the kernel has on a connection that nobody but the hook asked keepalive for. */
export const schedule = {
  on: true,
  idle: delayMs / 1000,
  ...(setsProbes(process.versions.node)
    ? { interval: intervalMs / 1000, count: probes }
    : { interval: 1, count: 10 }),
}

/** The ways of client.cjs for which Node itself does nothing. */
const bareInNode = /\/net$/

/** Runs what `start` returns for the port of an observer, in the network, to its end. */
export async function observed(
  network: Network,
  start: (port: number) => Start,
  timeoutMs = 60_000,
): Promise<Observed> {
  const observer = await network.observe()
  try {
    const { argv, env = {}, cwd } = start(observer.port)
    const [node = '', ...args] = network.inside(argv)
    const run = await runNode(args, { node, env, timeoutMs, ...(cwd && { cwd }) })
    return { run: normal(run, observer), looks: observer.looks }
  } finally {
    observer.close()
  }
}

/** Without what differs between two runs of the same program. */
function normal(run: NodeRun, { port }: Observer): NodeRun {
  const clean = (text: string) =>
    text.replaceAll(String(port), 'PORT').replaceAll(/\(node:\d+\)/g, '(node:PID)')
  return { ...run, stdout: clean(run.stdout), stderr: clean(run.stderr) }
}

/** A start by node with `args`, as users add the hook to it; undefined: without. */
export type Preload = 'flag' | 'NODE_OPTIONS' | 'import' | undefined

export function startNode(
  preload: Preload,
  args: readonly string[],
  { env = {}, ...rest }: { env?: Record<string, string>; cwd?: string } = {},
): Start {
  const flags = { flag: ['-r', register], import: ['--import', register] }
  const argv = [process.execPath]
  if (preload === 'flag' || preload === 'import') argv.push(...flags[preload])
  const options = env.NODE_OPTIONS ?? ''
  const NODE_OPTIONS = preload === 'NODE_OPTIONS' ? `--require ${register} ${options}` : options
  // What is looked at is what Node sets at once.
  const alone = { NAT_KEEPALIVE_NATIVE: 'off', ...env, NODE_OPTIONS }
  return { argv: [...argv, ...args], env: alone, ...rest }
}

/** Fails unless both runs give the same output and exit code, and a successful one. */
export function assertSame(
  t: Test,
  plain: Observed,
  hooked: Observed,
  name = 'with the hook',
): void {
  const paths = ({ looks }: Observed) => looks.map(({ path }) => path).sort()
  t.strictSame(hooked.run, plain.run, `${name}: the same output and exit code`)
  t.strictSame(paths(hooked), paths(plain), `${name}: the same requests`)
}

/** Fails unless the kernel had the hook's schedule, or a shorter one of the program, on every look. */
export function assertProtected(t: Test, { looks }: Observed, name: string): void {
  t.ok(looks.length > 0, `${name}: there were connections`)
  for (const { path, options } of looks) {
    if (bareInNode.test(path)) t.strictSame(options, schedule, `${name}: ${path}`)
    else t.ok(options.on && options.idle <= schedule.idle, `${name}: ${path} ${options.idle}`)
  }
}

/** Fails unless nothing was done for the connections for which Node does nothing. */
export function assertBare(t: Test, { looks }: Observed, name: string): void {
  const bare = looks.filter(({ path }) => bareInNode.test(path))
  t.ok(bare.length > 0, `${name}: there were connections`)
  for (const { path, options } of bare) t.equal(options.on, false, `${name}: ${path}`)
}

/** Runs the same without and with the hook: the same must come out, and only one is protected. */
export async function compare(
  t: Test,
  network: Network,
  start: (preload: Preload, port: number) => Start,
  preload: Preload = 'flag',
): Promise<{ plain: Observed; hooked: Observed }> {
  const [plain, hooked] = await Promise.all([
    observed(network, (port) => start(undefined, port)),
    observed(network, (port) => start(preload, port)),
  ])
  assertSame(t, plain, hooked)
  assertBare(t, plain, 'without the hook')
  assertProtected(t, hooked, 'with the hook')
  return { plain, hooked }
}
