import { destinationOf } from '../../connections/endpoint'
import { idleMsOf, type OutsideSocket, text } from '../../outside/outside-socket'
import type { Column, Row } from '../../terminal/table'
import type { Style } from '../../terminal/terminal'

export const verdicts = {
  dying: { text: 'dying', style: 'red', rank: 0 },
  'at-risk': { text: 'at risk', style: 'red', rank: 1 },
  unknown: { text: 'unknown', style: 'yellow', rank: 2 },
  safe: { text: 'safe', style: 'green', rank: 3 },
} as const satisfies Record<string, { text: string; style: Style; rank: number }>

/** Connections in one line: to one destination with one verdict. */
export interface SocketGroup {
  /** What they have in common, the same in every look at a process. */
  readonly key: string
  /** The one that has been idle for longest. */
  readonly socket: OutsideSocket
  readonly count: number
}

/** Puts connections together, the worst first; with `each`, every one is alone. Pure. */
export function groupSockets(sockets: readonly OutsideSocket[], each: boolean): SocketGroup[] {
  const groups = new Map<string, { key: string; socket: OutsideSocket; count: number }>()
  for (const socket of sockets) {
    const { judged, remote, inode } = socket
    const key = `${judged.verdict} ${remote.port} ${remote.address}${each ? ` ${inode}` : ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { key, socket, count: 1 })
    else {
      group.count++
      if (idleOf(socket) > idleOf(group.socket)) group.socket = socket
    }
  }
  return [...groups.values()].sort(byRisk)
}

function idleOf({ times }: OutsideSocket): number {
  return idleMsOf(times) ?? -1
}

function byRisk({ socket: a, count: m }: SocketGroup, { socket: b, count: n }: SocketGroup) {
  return (
    verdicts[a.judged.verdict].rank - verdicts[b.judged.verdict].rank ||
    n - m ||
    a.remote.address.localeCompare(b.remote.address) ||
    a.remote.port - b.remote.port ||
    a.local.port - b.local.port
  )
}

/** The same sentence under every row would hide the rows: it comes under the last of them. Pure. */
export function reasonIsDue(groups: readonly SocketGroup[], index: number): boolean {
  const judged = groups[index]?.socket.judged
  return judged?.verdict !== 'safe' && groups[index + 1]?.socket.judged.reason !== judged?.reason
}

export function columnsOf(each: boolean): readonly Column[] {
  const place = each ? [{ title: 'LOCAL' }, { title: 'FD' }] : []
  return [
    { title: 'VERDICT' },
    { title: 'REMOTE' },
    ...place,
    { title: 'IDLE' },
    { title: 'ANSWERED' },
    { title: 'PROBES' },
  ]
}

/** One line for a group. Its reason is in the details where `reason` says so. */
export function rowOf({ socket, count }: SocketGroup, each: boolean, reason: boolean): Row {
  const { judged, remote, local, fds, times } = socket
  const verdict = verdicts[judged.verdict]
  const destination = destinationOf({ host: remote.address, port: remote.port })
  const idleMs = idleMsOf(times)
  return {
    cells: [
      { text: verdict.text, style: verdict.style },
      count === 1 ? destination : `${destination} x ${count}`,
      ...(each ? [`${local.port}`, fds.join() || '-'] : []),
      idleMs === null ? '-' : text(idleMs),
      times === null ? '-' : `${text(times.lastAnswerMs)} ago`,
      probesOf(socket),
    ],
    details: reason ? [judged.reason] : [],
  }
}

/** What is set on it, and what its timer says. */
function probesOf({ options, word }: OutsideSocket): string {
  const next = word.nextTimerMs === null ? '' : `next in ${text(ceiled(word.nextTimerMs))}`
  const set =
    options === null
      ? { true: '', false: 'off', null: 'not known' }[`${word.armed}`]
      : options.keepalive
        ? `${text(options.delayMs)}, ${options.probes} x ${text(options.intervalMs)}`
        : 'off'
  const unanswered = word.unansweredProbes ? `${word.unansweredProbes} unanswered` : ''
  const unacked = word.unackedBytes ? `${word.unackedBytes} bytes unacknowledged` : ''
  return [set, next, unanswered, unacked].filter((part) => part !== '').join('; ')
}

function ceiled(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000
}
