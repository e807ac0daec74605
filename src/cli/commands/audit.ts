import { setTimeout as sleep } from 'node:timers/promises'
import { destinationOf, isLoopback } from '../../connections/endpoint'
import type { JudgedForeign } from '../../judge/native-groups'
import { type ProcessAudit, ProcessAuditor } from '../../judge/process-auditor'
import { createProcFs } from '../../kernel/proc-fs'
import { quoted } from '../../process/printable'
import { version } from '../../process/version'
import { type Report, reportedForeign, reportedSysctls } from '../../report/report'
import { parseConfig } from '../../settings/config'
import { formatDuration } from '../../settings/duration'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Column, renderTable } from '../../terminal/table'
import { type Paint, type Style, type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'the outbound connections of a process, and which would die'

export const help = `Usage: nat-keepalive audit [--pid N] [--watch] [--loopback] [--json]

Asks the kernel about the outbound TCP connections of a process in any
language, or of every process that this user may look into, and tells which
would die of idleness behind a NAT. Contacts nobody and changes nothing.

  --pid N     only this process
  --watch     look again every second: timers count down and are armed anew,
              which also tells a short delay from a long one near its end
  --loopback  connections within this machine too
  --json      the same as data, a report for each process
  --help      this text

Example, for a path that forgets after a minute:
  NAT_KEEPALIVE_LIMIT=60s nat-keepalive audit --pid 1

Exit codes: 0 fine, 1 a connection is at risk or dying, 2 wrong usage or no such
process.
`

export const options = {
  pid: { type: 'string' },
  watch: { type: 'boolean' },
  loopback: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

interface Values {
  readonly pid?: string
  readonly watch?: boolean
  readonly loopback?: boolean
  readonly json?: boolean
}

/** What hides the keepalive timer passes quickly as a rule. */
const ASK_AGAIN = 4
const ASK_AGAIN_MS = 250
const WATCH_MS = 1_000

export async function run(
  values: Values,
  terminal: Terminal,
  { env }: { readonly env: NodeJS.ProcessEnv },
): Promise<number> {
  const pid = values.pid === undefined ? null : pidOf(values.pid)
  const proc = createProcFs()
  const { limitMs } = parseConfig(env).config
  const auditor = new ProcessAuditor(proc, limitMs)
  const write = (audits: readonly ProcessAudit[]): void => {
    const { stdout, paint } = terminal
    const text = values.json
      ? renderJson(
          pid === null ? audits.map(toReport) : toReport(audits[0] as ProcessAudit),
          values.watch ? 0 : 2,
        )
      : renderAudits(audits, limitMs, { paint, width: widthOf(stdout) })
    // Home, the text, and nothing below it: redrawn in place without a flicker.
    const inPlace = values.watch && !values.json && stdout.isTTY
    stdout.write(inPlace ? `\x1b[H\x1b[J${text}` : text)
  }
  for (;;) {
    const looked = await look(auditor, pid, values.watch ? 0 : ASK_AGAIN)
    if (typeof looked === 'string') {
      say(terminal.stderr, looked)
      return 2
    }
    const audits = values.loopback ? looked : looked.map(withoutLoopback)
    write(audits)
    if (!values.watch) {
      return audits.some(({ sockets }) => sockets.some(isBad)) ? 1 : 0
    }
    await sleep(WATCH_MS)
  }
}

function pidOf(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`The process ${quoted(text)} is not a number.`)
  }
  return Number(text)
}

/** The processes with their connections; a sentence where that cannot be had. */
async function look(
  auditor: ProcessAuditor,
  pid: number | null,
  again: number,
): Promise<ProcessAudit[] | string> {
  for (;;) {
    const looked = pid === null ? lookAtAll(auditor) : lookAtOne(auditor, pid)
    if (typeof looked === 'string') return looked
    const hidden = looked.some(({ sockets }) => sockets.some(({ word }) => word.passing))
    if (!hidden || again-- === 0) return looked
    await sleep(ASK_AGAIN_MS)
  }
}

function lookAtOne(auditor: ProcessAuditor, pid: number): ProcessAudit[] | string {
  const audit = auditor.look(pid)
  if (audit.known) return [audit.value]
  if (process.platform !== 'linux') return `Only Linux tells of connections: ${audit.why}.`
  if (!auditor.exists(pid)) return `There is no process ${pid}, or this user may not see it.`
  return `The connections of process ${pid} cannot be read: ${audit.why}. Run this as its user, or as root.`
}

/** Processes of other users, and those that end meanwhile, are left out. */
function lookAtAll(auditor: ProcessAuditor): ProcessAudit[] | string {
  const pids = auditor.pids()
  if (!pids.known) return `The processes cannot be listed: ${pids.why}.`
  return pids.value
    .map((pid) => auditor.look(pid))
    .flatMap((audit) => (audit.known && audit.value.sockets.length > 0 ? [audit.value] : []))
}

function withoutLoopback(audit: ProcessAudit): ProcessAudit {
  return {
    ...audit,
    sockets: audit.sockets.filter(({ remote }) => !isLoopback(remote.address)),
  }
}

function isBad({ judged }: JudgedForeign): boolean {
  return judged.verdict === 'at-risk' || judged.verdict === 'dying'
}

const columns: readonly Column[] = [
  { title: 'VERDICT' },
  { title: 'REMOTE' },
  { title: 'STATE' },
  { title: 'NEXT PROBE' },
]

const verdicts = {
  dying: { text: 'dying', style: 'red', rank: 0 },
  'at-risk': { text: 'at risk', style: 'red', rank: 1 },
  unknown: { text: 'unknown', style: 'yellow', rank: 2 },
  safe: { text: 'safe', style: 'green', rank: 3 },
} as const satisfies Record<string, { text: string; style: Style; rank: number }>

/** The processes with a table each, the connections sorted by risk, and a summary line. Pure. */
export function renderAudits(
  audits: readonly ProcessAudit[],
  limitMs: number,
  look: { readonly paint: Paint; readonly width: number },
): string {
  const all = audits.flatMap(({ sockets }) => sockets)
  const count = (verdict: keyof typeof verdicts): number =>
    all.filter(({ judged }) => judged.verdict === verdict).length
  const line =
    all.length === 0
      ? 'No outbound connections.'
      : `${all.length} outbound: ${count('dying')} dying, ${count('at-risk')} at risk, ` +
        `${count('unknown')} unknown, ${count('safe')} safe, on a path that forgets an idle connection after ${formatDuration(limitMs)}.`
  const parts = audits
    .filter(({ sockets }) => sockets.length > 0)
    .map((audit) => renderProcess(audit, look))
  return `${[...parts, wrapText(line, look.width)].join('\n')}\n`
}

function renderProcess(
  audit: ProcessAudit,
  look: { readonly paint: Paint; readonly width: number },
): string {
  const { pid, command, ageMs, sockets } = audit
  const age =
    ageMs === null ? '' : `, started ${formatDuration(Math.floor(ageMs / 1_000) * 1_000)} ago`
  const rows = [...sockets].sort(byRisk).map((socket, index, sorted) => {
    const { judged, remote, state, word } = socket
    const { text, style } = verdicts[judged.verdict]
    const timer =
      word.armed === null ? 'not known' : word.armed ? seconds(word.nextTimerMs) : 'none'
    // The same sentence under every row would hide the rows.
    const last = sorted[index + 1]?.judged.reason !== judged.reason
    return {
      cells: [
        { text, style },
        destinationOf({ host: remote.address, port: remote.port }),
        state,
        timer,
      ],
      details: last && judged.verdict !== 'safe' ? [judged.reason] : [],
    }
  })
  const title = look.paint('bold', `Process ${pid}: ${command}${age}`)
  return `${title}\n${renderTable(columns, rows, look)}`
}

function byRisk(a: JudgedForeign, b: JudgedForeign): number {
  return (
    verdicts[a.judged.verdict].rank - verdicts[b.judged.verdict].rank ||
    a.judged.reason.localeCompare(b.judged.reason) ||
    a.remote.address.localeCompare(b.remote.address) ||
    a.remote.port - b.remote.port
  )
}

function seconds(ms: number | null): string {
  return ms === null ? 'not known' : `in ${Math.ceil(ms / 1_000)} s`
}

function toReport(audit: ProcessAudit): Report {
  const { pid, command, ageMs, sockets, sysctls, skippedLines } = audit
  return {
    schema: 2,
    version,
    native: null,
    node: null,
    pid,
    command,
    ageMs,
    takenAt: new Date().toISOString(),
    settings: null,
    kernel: { ...reportedSysctls(sysctls), skippedLines },
    counters: null,
    sockets: [],
    foreign: sockets.map(reportedForeign),
    foreignWhy: null,
  }
}
