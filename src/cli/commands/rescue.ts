import { loadNative, type NativePart } from '../../kernel/native'
import { createProcFs } from '../../kernel/proc-fs'
import { OutsideAuditor, type ProcessAudit } from '../../outside/outside-auditor'
import { quoted } from '../../process/printable'
import { version } from '../../process/version'
import type { WantedSchedule } from '../../rescue/keepalive-plan'
import { explainRefusal, type Refusal } from '../../rescue/refusal'
import { type RescuedSocket, rescueProcess } from '../../rescue/rescue-process'
import { compileExclude } from '../../settings/exclude'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'
import { pathSettings } from '../path-settings'
import { renderIntent, renderOutcome, renderRescued } from '../rescue/render-rescue'

export const summary = 'protect the connections of a running process now'

export const help = `Usage: nat-keepalive rescue PID... [OPTION]...

Puts keepalive on every outbound TCP connection of running processes, in any
language, without a restart: by duplicates of their descriptors, so that this
user has to be allowed to trace them. A shorter delay that a program chose
itself stays, and so does what NAT_KEEPALIVE_EXCLUDE names. Prints what each had
before, and what is read back.

  --dry-run     only say what would be done
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
  limit: { type: 'string' },
  profile: { type: 'string' },
  loopback: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export const operands = 'any' as const

interface Values {
  readonly 'dry-run'?: boolean
  readonly limit?: string
  readonly profile?: string
  readonly loopback?: boolean
  readonly json?: boolean
}

/** What became of one process. */
interface RescuedProcess {
  readonly audit: ProcessAudit | null
  readonly pid: number
  readonly refused: Refusal | null
  readonly connections: readonly RescuedSocket[]
}

const ofSchedule = ['DELAY', 'INTERVAL', 'PROBES', 'GIVE_UP', 'EXCLUDE'].map(
  (name) => `NAT_KEEPALIVE_${name}`,
)

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
  const native = loadNative()
  if (!native.known) {
    say(stderr, `Nothing can be rescued without the native part: ${native.why}.`)
    return 3
  }
  const auditor = new OutsideAuditor(createProcFs(), {
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
  const exclude = compileExclude(config.exclude)
  const rescue = (pid: number) => rescueOne(native.value, auditor, pid, config, exclude, dryRun)
  const rescued = pids.map(rescue)
  if (values.json) stdout.write(renderJson(document(rescued, config, dryRun)))
  else {
    const look = { paint, width: widthOf(stdout) }
    for (const one of rescued) stdout.write(`\n${renderProcess(one, config.limitMs, dryRun, look)}`)
  }
  if (rescued.some(({ refused }) => refused !== null)) return 3
  const failed = rescued.some(({ connections }) =>
    connections.some(({ outcome }) => outcome === 'failed'),
  )
  return failed ? 1 : 0
}

function pidOf(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`The process ${quoted(text)} is not a number.`)
  }
  return Number(text)
}

function rescueOne(
  part: NativePart,
  auditor: OutsideAuditor,
  pid: number,
  wanted: WantedSchedule,
  exclude: ReturnType<typeof compileExclude>,
  dryRun: boolean,
): RescuedProcess {
  const { processes, unseen } = auditor.look([pid], false)
  const [audit] = processes
  if (audit === undefined) {
    const [reason] = unseen
    const why = reason?.why ?? 'The process has ended.'
    const refused = { why, action: reason?.action ?? 'Name one that runs.' }
    return { audit: null, pid, refused, connections: [] }
  }
  const sockets = audit.sockets.filter(
    ({ remote }) => exclude.address(remote.address, remote.port) === null,
  )
  const connections = rescueProcess(part, pid, sockets, wanted, dryRun)
  if (typeof connections !== 'string') return { audit, pid, refused: null, connections }
  const { why, action } = explainRefusal(connections, audit.uid, auditor.rights)
  const refused = { why: `Nothing was done: ${why}.`, action }
  return { audit, pid, refused, connections: [] }
}

function renderProcess(
  { audit, pid, refused, connections }: RescuedProcess,
  limitMs: number,
  dryRun: boolean,
  look: Parameters<typeof renderRescued>[1],
): string {
  const title = look.paint('bold', `Process ${pid}${audit === null ? '' : `: ${audit.command}`}`)
  if (refused !== null) return `${title}\n${wrapText(`${refused.why} Next: ${refused.action}`)}\n`
  const table = renderRescued(connections, look)
  return `${title}\n${table}${renderOutcome(connections, limitMs, dryRun)}\n`
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
    processes: rescued.map(({ audit, pid, refused, connections }) => ({
      pid,
      command: audit?.command ?? null,
      refused,
      connections,
    })),
  }
}
