import { resolve } from 'node:path'
import { loadNative } from '../../kernel/native'
import { createProcFs } from '../../kernel/proc-fs'
import { OutsideAuditor } from '../../outside/outside-auditor'
import { quoted } from '../../process/printable'
import { version } from '../../process/version'
import type { WantedSchedule } from '../../rescue/keepalive-plan'
import { compileExclude } from '../../settings/exclude'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'
import { pathSettings } from '../path-settings'
import { renderInstall } from '../rescue/render-install'
import { renderIntent, renderOutcome, renderRescued } from '../rescue/render-rescue'
import { type RescuedProcess, rescueOne } from '../rescue/rescue-one'

export const summary = 'protect the connections of a running process now'

export const help = `Usage: nat-keepalive rescue PID... [OPTION]...

Puts keepalive on every outbound TCP connection of running processes, in any
language, without a restart: by duplicates of their descriptors, so that this
user has to be allowed to trace them. A shorter delay that a program chose
itself stays, and so does what NAT_KEEPALIVE_EXCLUDE names. Prints what each had
before, and what is read back.

  --dry-run     only say what would be done
  --install     also bring the hook into a program of Node, for what it opens
                from now on: SIGUSR1 opens its inspector on loopback for a
                moment; a handler of the program's own is respected
  --from DIR    where the program finds the package, if not where this is
  --sigusr1     the program is known to have no handler of its own for SIGUSR1,
                where that cannot be seen
  --limit TIME  after which the path forgets: 350s, 4m
  --profile ID  the same by a middlebox of \`nat-keepalive profiles\`
  --loopback    connections within this machine too
  --json        the same as data
  --help        this text

Example:
  nat-keepalive rescue 4711 --dry-run

Exit codes: 0 all of them are protected, 1 some are not, 2 wrong usage, a
refused setting or no such process, 3 a process could not be looked into.
`

export const options = {
  'dry-run': { type: 'boolean' },
  install: { type: 'boolean' },
  from: { type: 'string' },
  sigusr1: { type: 'boolean' },
  limit: { type: 'string' },
  profile: { type: 'string' },
  loopback: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export const operands = 'any' as const

interface Values {
  readonly 'dry-run'?: boolean
  readonly install?: boolean
  readonly from?: string
  readonly sigusr1?: boolean
  readonly limit?: string
  readonly profile?: string
  readonly loopback?: boolean
  readonly json?: boolean
}

/** Where the package is in the images of the examples. */
const IMAGE_FOLDER = '/opt/nat-keepalive'

const ofSchedule = [
  'DELAY',
  'INTERVAL',
  'PROBES',
  'GIVE_UP',
  'USER_TIMEOUT',
  'NATIVE',
  'EXCLUDE',
].map((name) => `NAT_KEEPALIVE_${name}`)

export async function run(
  values: Values,
  terminal: Terminal,
  {
    env,
    operands: names,
  }: { readonly env: NodeJS.ProcessEnv; readonly operands: readonly string[] },
): Promise<number> {
  const { stdout, stderr, paint } = terminal
  if (names.length === 0) throw new UsageError('A PID is missing.')
  const pids = [...new Set(names.map(pidOf))]
  const config = pathSettings(env, values, stderr, ofSchedule)
  const proc = createProcFs()
  const own = resolve(__dirname, '..', '..', '..')
  const folders = values.from === undefined ? [own, IMAGE_FOLDER] : [resolve(values.from)]
  const native = loadNative(config.native)
  if (!native.known) {
    say(stderr, `Nothing can be rescued without the native part: ${native.why}.`)
    return 3
  }
  const auditor = new OutsideAuditor(proc, {
    limitMs: config.limitMs,
    part: native.value,
    loopback: values.loopback === true,
  })
  const gone = pids.find((pid) => !auditor.exists(pid))
  if (gone !== undefined) {
    say(stderr, `There is no process ${gone}, or this user may not see it.`)
    return 2
  }
  const dryRun = values['dry-run'] === true
  if (!values.json) stdout.write(`${renderIntent(config, dryRun)}\n`)
  const order = {
    part: native.value,
    proc,
    wanted: config,
    exclude: compileExclude(config.exclude),
    dryRun,
    install: values.install ? { folders, sure: values.sigusr1 === true } : null,
  }
  const rescued: RescuedProcess[] = []
  for (const pid of pids) rescued.push(await rescueOne(auditor, pid, order))
  if (values.json) stdout.write(renderJson(document(rescued, config, dryRun)))
  else {
    const look = { paint, width: widthOf(stdout) }
    for (const one of rescued) stdout.write(`\n${renderProcess(one, config.limitMs, dryRun, look)}`)
  }
  return exitCode(rescued)
}

function pidOf(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`The PID ${quoted(text)} is no whole number from 1 on.`)
  }
  return Number(text)
}

function renderProcess(
  { audit, pid, refused, connections, install }: RescuedProcess,
  limitMs: number,
  dryRun: boolean,
  look: Parameters<typeof renderRescued>[1],
): string {
  const title = look.paint('bold', `Process ${pid}${audit === null ? '' : `: ${audit.command}`}`)
  const installed = install === null ? '' : `${renderInstall(install)}\n`
  if (refused !== null) {
    return `${title}\n${wrapText(`${refused.why} Next: ${refused.action}`)}\n${installed}`
  }
  const outcome = renderOutcome(connections, limitMs, dryRun, install?.outcome === 'installed')
  return `${title}\n${renderRescued(connections, look)}${outcome}\n${installed}`
}

/** 3 where something could not be looked into, 1 where it was and could not be protected. Pure. */
export function exitCode(rescued: readonly RescuedProcess[]): number {
  const refuses = ({ refused, install }: RescuedProcess): boolean =>
    // Installed, the hook has rescued what the descriptors could not.
    install === null ? refused !== null : install.outcome === 'refused'
  const fails = ({ connections, install }: RescuedProcess): boolean =>
    connections.some(({ outcome }) => outcome === 'failed') ||
    install?.outcome === 'failed' ||
    (install?.outcome === 'installed' && install.installed.closed === false)
  if (rescued.some(refuses)) return 3
  return rescued.some(fails) ? 1 : 0
}

function document(
  rescued: readonly RescuedProcess[],
  { delayMs, intervalMs, probes, limitMs }: WantedSchedule,
  dryRun: boolean,
) {
  return {
    schema: 1,
    version,
    takenAt: new Date().toISOString(),
    dryRun,
    limitMs,
    schedule: { delayMs, intervalMs, probes },
    processes: rescued.map(({ audit, pid, refused, connections, install }) => ({
      pid,
      command: audit?.command ?? null,
      refused,
      connections,
      install,
    })),
  }
}
