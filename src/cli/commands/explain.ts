import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quoted } from '../../process/printable'
import { nearest } from '../../settings/nearest'
import { renderJson } from '../../terminal/render-json'
import type { Paint, Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'what a warning means, and what to do'

export const help = `Usage: nat-keepalive explain [CODE] [--json]

Prints what the page of warnings says about a code: what was seen, what it
means, what to do, and how to silence just that. Without a CODE, lists them.

  --json  the same as data
  --help  this text

Example:
  nat-keepalive explain NKA301

Exit codes: 0 fine, 2 wrong usage.
`

export const options = { json: { type: 'boolean' } } as const

export const operands = 'any' as const

export async function run(
  values: { json?: boolean },
  { stdout, paint }: Terminal,
  { operands: given }: { readonly operands: readonly string[] },
): Promise<number> {
  const page = join(__dirname, '..', '..', '..', 'docs', 'warnings.md')
  const sections = parseWarnings(readFileSync(page, 'utf8'))
  const chosen = given.length === 0 ? sections : [choose(given, sections)]
  if (values.json) stdout.write(renderJson({ schema: 1, warnings: chosen }))
  else if (given.length > 0) stdout.write(chosen.map((one) => renderWarning(one, paint)).join(''))
  else stdout.write(chosen.map(({ code, title }) => `${code}  ${title}\n`).join(''))
  return 0
}

/** What the page says about one code. */
export interface Warning {
  readonly code: string
  readonly title: string
  /** Markdown, a paragraph each. */
  readonly paragraphs: readonly string[]
}

/** The sections of docs/warnings.md, whose headings are the codes and whose first lines the titles. */
export function parseWarnings(page: string): Warning[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [code = '', first = '', ...paragraphs] = section
        .trim()
        .split(/\n\n+/)
        .map((paragraph) => paragraph.replace(/\n/g, ' '))
      return { code, title: first.replace(/^\*\*|\*\*$/g, ''), paragraphs }
    })
}

/** For a terminal: without the marks of Markdown, but for the backticks. */
export function renderWarning({ code, title, paragraphs }: Warning, paint: Paint): string {
  const text = paragraphs.map((paragraph) => {
    // `*Seen*: ...` is the beginning of its paragraph.
    const [, label, rest] = /^\*(\w+)\*(.*)$/s.exec(paragraph) ?? [undefined, '', paragraph]
    const lines = wrapText(`${label}${rest}`)
    return `\n${label === '' ? lines : paint('bold', `${label}`) + lines.slice(label?.length)}\n`
  })
  return `${paint('bold', code)}  ${title}\n${text.join('')}`
}

function choose([code = '', more]: readonly string[], sections: readonly Warning[]): Warning {
  if (more !== undefined) {
    throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  }
  const wanted = code.toUpperCase()
  const found = sections.find((section) => section.code === wanted)
  if (found !== undefined) return found
  const codes = sections.map((section) => section.code)
  const near = nearest(wanted, codes)
  const hint = near === null ? '' : `, perhaps ${near} was meant`
  throw new UsageError(`The code ${quoted(code)} is unknown${hint}.`)
}
