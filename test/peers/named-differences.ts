import type { NamedDifference } from '../core/named-differences'

/** Those of all suites and versions. */
export const namedDifferences: readonly NamedDifference[] = []
