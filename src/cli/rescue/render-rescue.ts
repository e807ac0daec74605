import { destinationOf } from '../../connections/endpoint'
import type { SocketOptions } from '../../kernel/socket-options'
import { text } from '../../outside/outside-socket'
import type { WantedSchedule } from '../../rescue/keepalive-plan'
import type { RescuedSocket } from '../../rescue/rescue-process'
import { type Column, type Row, renderTable } from '../../terminal/table'
import type { Paint } from '../../terminal/terminal'
import { wrapText } from '../../terminal/wrap-text'

const columns: readonly Column[] = [{ title: 'REMOTE' }, { title: 'BEFORE' }, { title: 'AFTER' }]

/** A schedule as `45s, 4 x 15s`: the delay, the probes and the time between them; TCP_USER_TIMEOUT. */
export function scheduleText(options: SocketOptions | null): string {
  if (options === null) return 'not known'
  if (!options.keepalive) return 'off'
  const { delayMs, intervalMs, probes, userTimeoutMs } = options
  const timeout = userTimeoutMs === null ? '' : `, user timeout ${text(userTimeoutMs)}`
  return `${text(delayMs)}, ${probes} x ${text(intervalMs)}${timeout}`
}

/** What is about to be done, in a sentence. */
export function renderIntent({ delayMs, intervalMs, probes }: WantedSchedule, dryRun: boolean) {
  const verb = dryRun ? 'Would put' : 'Puts'
  return wrapText(
    `${verb} keepalive on every outbound connection below: the first probe after ${text(delayMs)} idle, then up to ${probes} unanswered ones, ${text(intervalMs)} apart. The program goes on; nothing else of it is touched.`,
  )
}

/** Before and after, one line for connections to one destination with one outcome. Pure. */
export function renderRescued(
  rescued: readonly RescuedSocket[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string {
  const groups = new Map<string, { row: Omit<Row, 'cells'> & { cells: string[] }; count: number }>()
  for (const one of rescued) {
    const destination = destinationOf({ host: one.remote.address, port: one.remote.port })
    const cells = [destination, scheduleText(one.before), outcomeText(one)]
    const key = cells.join('\n')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { row: { cells, details: [] }, count: 1 })
    else group.count++
  }
  const rows = [...groups.values()].map(({ row, count }) => {
    const [destination = '', ...rest] = row.cells
    return {
      cells: [count === 1 ? destination : `${destination} x ${count}`, ...rest],
      details: [],
    }
  })
  return rows.length === 0 ? '' : renderTable(columns, rows, { paint, width })
}

function outcomeText({ outcome, after, error }: RescuedSocket): string {
  if (outcome === 'fine') return 'as it was'
  if (outcome === 'gone') return 'closed meanwhile'
  return outcome === 'failed' ? `failed (${error}): ${scheduleText(after)}` : scheduleText(after)
}

/** What came of it, and what it does not do. Pure. */
export function renderOutcome(
  rescued: readonly RescuedSocket[],
  limitMs: number,
  dryRun: boolean,
  installed: boolean,
): string {
  if (rescued.length === 0) return 'No outbound connections: there is nothing to rescue.'
  const count = (wanted: RescuedSocket['outcome']) =>
    rescued.filter(({ outcome }) => outcome === wanted).length
  const parts = [
    `${count('rescued')} ${dryRun ? 'would be ' : ''}rescued`,
    `${count('fine')} fine already`,
    ...(count('failed') > 0 ? [`${count('failed')} failed`] : []),
    ...(count('gone') > 0 ? [`${count('gone')} closed meanwhile`] : []),
  ]
  const late = rescued.filter(
    ({ outcome, idleMs }) => outcome === 'rescued' && idleMs !== null && idleMs >= limitMs,
  ).length
  const may =
    late === 0
      ? ''
      : ` ${late === 1 ? 'One of them has' : `${late} of them have`} been idle for longer than ${text(limitMs)}: the path may have forgotten ${late === 1 ? 'it' : 'them'} already, and another audit shows whether a probe is answered.`
  const later = installed
    ? ''
    : ' What the program opens from now on has its own times: start it with the hook.'
  return wrapText(`${rescued.length} outbound: ${parts.join(', ')}.${may}${later}`)
}
