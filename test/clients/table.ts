import { alignColumns } from '../align-columns'
import type { SocketOptions } from '../oracle/options-of-process'
import type { Mode } from './cases'
import type { Moment, Performance } from './perform'
import { holes, inWords, isInTime, type Result } from './verdict'

/** What one performance of a case showed, by column. */
export interface Seen {
  readonly plain: string
  readonly tls: string
  readonly poolPlain: string
  readonly poolTls: string
}

/** How the state of a connection is written: as it is, or marked where it is no protection. */
export type Mark = (state: string, options: SocketOptions) => string

const asItIs: Mark = (state) => state
const NONE = '-'

export function seenIn({ looks }: Performance, mark: Mark = asItIs): Seen {
  const at = (moment: Moment, target: string): string | null => {
    const sockets = looks[moment]?.[target]
    if (sockets === undefined) return null
    if (sockets.length === 0) return moment === 'pool' ? 'closed' : 'none'
    return [...new Set(sockets.map((socket) => mark(inWords(socket), socket)))].sort().join(', ')
  }
  const inFlight = (target: string) => {
    const states = [at('1 s', target), at('5 s', target)].filter((state) => state !== null)
    return states.length > 0 ? [...new Set(states)].join(' → ') : null
  }
  const both = (state: (target: string) => string | null, mode: Mode): string => {
    const single = state(mode)
    const multi = state(`${mode}-multi`)
    if (single === null) return NONE
    return single === multi || multi === null ? single : `${single} (multi: ${multi})`
  }
  const pooled = (target: string) => at('pool', target)
  return {
    plain: both(inFlight, 'plain'),
    tls: both(inFlight, 'tls'),
    poolPlain: both(pooled, 'plain'),
    poolTls: both(pooled, 'tls'),
  }
}

function cells({ plain, tls, poolPlain, poolTls }: Seen): string[] {
  return [plain, tls, poolPlain === poolTls ? poolPlain : `${poolPlain} / ${poolTls}`]
}

const columns = ['plain', 'TLS', 'pool']
const header = ['client', 'package', ...columns, ...columns.map((name) => `hook: ${name}`)]

/** The table for a terminal, a line a case, and below it what is wrong. */
export function renderTable(results: readonly Result[], nameOf: (name: string) => string): string {
  const lines = [
    [...header, 'verdict'],
    ...results.map((result) => [
      result.one.name,
      nameOf(result.one.package),
      ...cells(seenIn(result.without)),
      ...cells(seenIn(result.hooked)),
      holes(result).length > 0 ? 'HOLE' : 'ok',
    ]),
  ]
  const wrong = results.flatMap((result) =>
    holes(result).map((text) => `${result.one.name}: ${text}`),
  )
  return [...alignColumns(lines), ...(wrong.length > 0 ? ['', ...wrong] : [])].join('\n')
}

const bold: Mark = (state, options) => (isInTime(options) ? state : `**${state}**`)

/** The rows of the table in docs/clients.md; what is no protection is bold. */
export function renderRows(results: readonly Result[], nameOf: (name: string) => string): string[] {
  return [
    header,
    header.map(() => '---'),
    ...results.map(({ one, without, hooked }) => [
      one.name,
      nameOf(one.package),
      ...cells(seenIn(without, bold)),
      ...cells(seenIn(hooked, bold)),
    ]),
  ].map((line) => `| ${line.join(' | ')} |`)
}
