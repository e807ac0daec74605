import { quoted } from '../../process/printable'
import { type Profile, probesCount, profiles, strictestDefault } from '../../settings/profiles'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Column, type Row, renderTable } from '../../terminal/table'
import { type Paint, type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'the middleboxes, their limits, and the sources'

export const help = `Usage: nat-keepalive profiles [FILTER] [--json]

What is known about the middleboxes on a path: after how much idleness they
forget a connection, what happens to it then, whether keepalive probes count,
where that is written, and when it was read there. With a FILTER, only those in
whose ID or name it stands. The ID is what NAT_KEEPALIVE_PROFILE takes.

  --json  the same as data
  --help  this text

Example:
  NAT_KEEPALIVE_PROFILE=aws-nat-gateway nat-keepalive doctor

Exit codes: 0 fine, 1 nothing is of that name, 2 wrong usage.
`

export const options = { json: { type: 'boolean' } } as const

export const operands = 'any' as const

export async function run(
  values: { json?: boolean },
  { stdout, stderr, paint }: Terminal,
  { operands: given }: { readonly operands: readonly string[] },
): Promise<number> {
  const [filter = '', more] = given
  if (more !== undefined) throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  const among = profiles.filter(({ id, name }) =>
    `${id} ${name}`.toLowerCase().includes(filter.toLowerCase()),
  )
  if (values.json) stdout.write(renderJson({ schema: 1, profiles: among }))
  else if (among.length > 0) {
    stdout.write(renderProfiles(among, { paint, width: widthOf(stdout) }, filter === ''))
  }
  if (among.length > 0) return 0
  say(stderr, `No middlebox has ${quoted(filter)} in its id or name.`)
  return 1
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'LIMIT', align: 'right' },
  { title: 'WHAT IT IS' },
]

/** Those where a probe helps apart from the others; `whole`: with what holds without a profile. */
export function renderProfiles(
  among: readonly Profile[],
  look: { readonly paint: Paint; readonly width: number },
  whole = true,
): string {
  const { paint } = look
  const all = among.map((profile) => ({ counts: probesCount(profile), row: rowOf(profile) }))
  const table = (title: string, counting: boolean, note: string): string => {
    const rows = all.filter(({ counts }) => counts === counting).map(({ row }) => row)
    if (rows.length === 0) return ''
    const tableText = renderTable(columns, rows, { ...look, among: all.map(({ row }) => row) })
    return `${paint('bold', title)}\n${note}\n${tableText}`
  }
  const { id, limitSeconds } = strictestDefault()
  const within = table('Where keepalive probes count', true, '')
  const beyond = table('Where keepalive probes do not count', false, `${wrapText(BEYOND)}\n`)
  const end = `${wrapText(`The limit is the default of the middlebox. Without a profile and a limit, that of ${id} holds, ${limitSeconds} s: the shortest of the verified ones.`)}\n`
  return [within, beyond, whole ? end : ''].filter((part) => part !== '').join('\n')
}

const BEYOND =
  'Only data of the application counts here. NAT_KEEPALIVE_PROFILE takes none of layer 7, which ' +
  'end connections themselves.'

/** In words, for those where probes do not count. */
const probesText = {
  count: [],
  ignored: ['Probes are answered, and reset nothing.'],
  unanswered: ['Probes are answered at first and later not, so that keepalive ends connections.'],
} as const

function rowOf(profile: Profile): Row {
  const { id, limitSeconds, name, layer, behaviour, configurable, source, checkedOn } = profile
  const settable = configurable === null ? [] : [`Configurable: ${configurable}.`]
  const doubt = profile.verified ? '' : ' The limit is not verified.'
  const then = profile.behaviourVerified ? '' : ' What happens then is not verified.'
  const probes = layer === 7 ? ['Layer 7.'] : probesText[profile.probes]
  return {
    cells: [id, `${limitSeconds} s`, name],
    details: [
      behaviour,
      ...probes,
      ...settable,
      `Source: ${source}; checked on ${checkedOn}.${doubt}${then}`,
    ],
  }
}
