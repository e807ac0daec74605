import { countVerdicts } from '../../outside/audit-document'
import type { MachineAudit, ProcessAudit } from '../../outside/outside-auditor'
import { text } from '../../outside/outside-socket'
import { formatDuration } from '../../settings/duration'
import { indent } from '../../terminal/indent'
import { renderTable } from '../../terminal/table'
import type { Paint } from '../../terminal/terminal'
import { wrapText } from '../../terminal/wrap-text'
import { columnsOf, groupSockets, reasonIsDue, rowOf } from './rows'

export interface AuditLook {
  readonly paint: Paint
  readonly width: number
  /** Every connection in a line of its own. */
  readonly each: boolean
}

/** The processes with a table each, worst first, what could not be seen, and a summary. Pure. */
export function renderAudit(audit: MachineAudit, limitMs: number, look: AuditLook): string {
  const shown = audit.processes.filter(hasSomething).sort(byWorst)
  const parts = shown.map((one) => renderProcess(one, look))
  const unseen = audit.unseen.map(({ why, action }) =>
    wrapText(`${why} Next: ${action}`, look.width),
  )
  const summary = wrapText(summaryOf(audit, limitMs), look.width)
  return `${[...parts, ...unseen, summary].join('\n')}\n`
}

/** Whether there is something to be said of a process. */
export function hasSomething({ sockets, unplaced }: ProcessAudit): boolean {
  return sockets.length + unplaced > 0
}

const ranks = ['dying', 'at-risk', 'unknown', 'safe'] as const

export function byWorst(a: ProcessAudit, b: ProcessAudit): number {
  const [one, other] = [countVerdicts([a]), countVerdicts([b])]
  for (const verdict of ranks) {
    if (one[verdict] !== other[verdict]) return other[verdict] - one[verdict]
  }
  return (a.pid ?? Number.POSITIVE_INFINITY) - (b.pid ?? Number.POSITIVE_INFINITY)
}

/** How many connections have which verdict, and by what they were seen. */
export function summaryOf({ processes, unseen }: MachineAudit, limitMs: number): string {
  const sockets = processes.flatMap(({ sockets }) => sockets)
  if (sockets.length === 0) {
    return unseen.length === 0 ? 'No outbound connections.' : 'No outbound connections were seen.'
  }
  const counts = countVerdicts(processes)
  const by = (source: string) => sockets.filter((socket) => socket.source === source).length
  const sources = [
    [by('descriptor'), 'duplicated descriptors'],
    [by('sock_diag'), 'sock_diag'],
    [by('proc'), '/proc'],
  ] as const
  const seen = sources.filter(([count]) => count > 0)
  const sourced = seen.map(([count, name]) => (seen.length === 1 ? name : `${name} (${count})`))
  return (
    `${sockets.length} outbound: ${counts.dying} dying, ${counts['at-risk']} at risk, ` +
    `${counts.unknown} unknown, ${counts.safe} safe, on a path that forgets an idle connection ` +
    `after ${formatDuration(limitMs)}; seen by ${sourced.join(', ')}.`
  )
}

function renderProcess(audit: ProcessAudit, look: AuditLook): string {
  const { paint, width, each } = look
  const groups = groupSockets(audit.sockets, each)
  const rows = groups.map((group, index) => rowOf(group, each, reasonIsDue(groups, index)))
  const title = wrapText(titleOf(audit), width)
    .split('\n')
    .map((line) => paint('bold', line))
    .join('\n')
  const table = rows.length === 0 ? '' : renderTable(columnsOf(each), rows, { paint, width })
  const notes = notesOf(audit).map((note) => indent(note, 4, width))
  return `${title}\n${table}${notes.join('')}`
}

export function titleOf({ pid, command, ageMs, hook, node, container, pod }: ProcessAudit): string {
  if (pid === null) return 'Connections whose processes are not seen here'
  const age = ageMs === null ? '' : `, started ${text(Math.floor(ageMs / 1_000) * 1_000)} ago`
  const hooked =
    hook !== null
      ? `, with the hook${hook.version === null ? '' : ` ${hook.version}`}`
      : node
        ? ', no hook seen'
        : ''
  const inside =
    container === null
      ? ''
      : `, container ${container.id}${pod === null ? '' : ` of the pod ${pod}`}`
  return `Process ${pid}: ${command}${age}${hooked}${inside}`
}

/** What keeps the picture from being whole. */
export function notesOf({ pid, sockets, refused, unplaced }: ProcessAudit): string[] {
  const notes: string[] = []
  const guessed = sockets.filter(({ source }) => source !== 'descriptor').length
  if (guessed > 0 && pid !== null && refused !== null) {
    notes.push(
      `What is set on ${guessed === 1 ? 'it' : 'them'} could not be read (${refused}); the timers tell what they can.`,
    )
  }
  if (unplaced > 0) {
    notes.push(
      `${unplaced === 1 ? '1 socket is' : `${unplaced} sockets are`} in no table: of another kind, not connected, or made in another network namespace.`,
    )
  }
  return notes
}
