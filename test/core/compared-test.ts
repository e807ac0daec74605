/** A program that is run without the hook and with it, and ends with 0 if all is well. */
export interface ComparedTest {
  readonly name: string
  /** What it is counted with. */
  readonly family: string
  /** What node is given: its flags, the path of the program, and what that takes. */
  readonly argv: readonly string[]
  /**
   * A folder whose copy it runs in; what it changes there nobody else sees. An empty folder by
   * default.
   */
  readonly folder?: string
  /** Symbolic links that it finds there: from the path in the folder to where they lead. */
  readonly links?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}
