import { type Profile, profiles, strictestDefault } from '../../settings/profiles'
import { renderJson } from '../../terminal/render-json'
import { type Column, type Row, renderTable } from '../../terminal/table'
import { type Paint, type Terminal, widthOf } from '../../terminal/terminal'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'the middleboxes, their limits, and the sources'

export const help = `Usage: nat-keepalive profiles [--json]

What is known about the middleboxes on a path: after how much idleness they
forget a connection, what happens to it then, where that is written, and when
it was read there. The ID is what NAT_KEEPALIVE_PROFILE takes.

  --json  the same as data
  --help  this text

Example:
  NAT_KEEPALIVE_PROFILE=aws-nat-gateway nat-keepalive doctor

Exit codes: 0 fine, 2 wrong usage.
`

export const options = { json: { type: 'boolean' } } as const

export async function run(
  values: { json?: boolean },
  { stdout, paint }: Terminal,
): Promise<number> {
  stdout.write(
    values.json
      ? renderJson({ schema: 1, profiles })
      : renderProfiles(profiles, { paint, width: widthOf(stdout) }),
  )
  return 0
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'LIMIT', align: 'right' },
  { title: 'WHAT IT IS' },
]

/** Layer 4 and layer 7 apart: a probe helps with the first and is nothing to the second. */
export function renderProfiles(
  among: readonly Profile[],
  look: { readonly paint: Paint; readonly width: number },
): string {
  const { paint } = look
  const all = among.map((profile) => ({ layer: profile.layer, row: rowOf(profile) }))
  const table = (wanted: 4 | 7): string => {
    const rows = all.filter(({ layer }) => layer === wanted).map(({ row }) => row)
    return renderTable(columns, rows, { ...look, among: all.map(({ row }) => row) })
  }
  const { id, limitSeconds } = strictestDefault(among)
  return [
    `${paint('bold', 'Within reach of keepalive probes (layer 4)')}\n\n`,
    table(4),
    `\n${paint('bold', 'Out of reach of keepalive probes (layer 7)')}\n`,
    `${wrapText('Only data of the application counts here; NAT_KEEPALIVE_PROFILE takes none of these.')}\n\n`,
    table(7),
    `\n${wrapText(`The limit is the default of the middlebox. Without a profile and a limit, that of ${id} holds, ${limitSeconds} s: the shortest of the verified ones.`)}\n`,
  ].join('')
}

function rowOf(profile: Profile): Row {
  const { id, limitSeconds, name, behaviour, configurable, source, checkedOn, verified } = profile
  const settable = configurable === null ? [] : [`Configurable: ${configurable}.`]
  const doubt = verified ? '' : ' The limit is not verified.'
  return {
    cells: [id, `${limitSeconds} s`, name],
    details: [behaviour, ...settable, `Source: ${source}; checked on ${checkedOn}.${doubt}`],
  }
}
