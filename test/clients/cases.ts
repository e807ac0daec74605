import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A client, and a way of using it; the head of client.cjs says what the fields mean. */
export interface Case {
  readonly name: string
  readonly file: string
  readonly package: string
  readonly server: string
  readonly modes?: readonly Mode[]
  readonly neverAnswered?: boolean
  readonly env?: Record<string, string>
}

export type Mode = 'plain' | 'tls'

const FOLDERS = ['programs', 'drivers']

/** Every case of the programs, in the order of their files. */
export function loadCases(): Case[] {
  const cases = FOLDERS.flatMap((folder) =>
    readdirSync(join(__dirname, folder))
      .filter((name) => name.endsWith('.cjs'))
      .sort()
      .map((name) => join(__dirname, folder, name)),
  ).flatMap((file) =>
    Object.entries<Omit<Case, 'name' | 'file'>>(require(file).clients ?? {}).map(
      ([name, one]): Case => ({ ...one, name, file }),
    ),
  )
  const names = cases.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new Error(`Two cases are called ${twice}.`)
  return cases
}
