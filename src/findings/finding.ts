export type Code =
  | 'NKA001'
  | 'NKA002'
  | 'NKA101'
  | 'NKA201'
  | 'NKA202'
  | 'NKA203'
  | 'NKA205'
  | 'NKA301'
  | 'NKA302'
  | 'NKA303'

/** Something to tell: what was seen with numbers, what it means, and the one thing to do. */
export interface Finding {
  readonly code: Code
  readonly text: string
  /** The same facts for machines; plain data. */
  readonly data: Readonly<Record<string, unknown>>
}
