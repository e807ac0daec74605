/** A server that the tests of a suite connect to. */
export type Server = 'mariadb' | 'postgres'

/** The tests of one client, as they are in its Debian source package. */
export interface Suite {
  /** What its tests are counted as, and called by. */
  readonly name: string
  readonly sourcePackage: string
  readonly release: string
  /** The oldest major version of Node that it runs on; the oldest of ours by default. */
  readonly since?: number
  /** Finds the tests among the paths of the source's files. */
  readonly tests: RegExp
  /** What stands in those that are of interest; all are by default. */
  readonly content?: RegExp
  /** Finds those of them that cannot pass here, for a reason that has nothing to do with us. */
  readonly except?: RegExp
  /** What node is given for a test. */
  argv(path: string): readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The server that its tests need, and the program of the suite that fills it. */
  readonly server?: Server
  readonly fillServer?: string
  /** Packages that it needs another version of than is common, and by what name that is locked. */
  readonly packages?: Readonly<Record<string, string>>
  /** Other links in the folder of the source. */
  readonly links?: Readonly<Record<string, string>>
}
