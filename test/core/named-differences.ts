import type { Aspect } from './outcome'

/** A test in which the hook may make a difference. */
export interface NamedDifference {
  readonly name: string
  readonly aspects: readonly Aspect[]
  /** A line with the hook: what else may be the difference is not meant. */
  readonly shows: RegExp
  readonly reason: string
}

/** Those of all versions: a test that the sources at hand do not have is of no concern. */
export const namedDifferences: readonly NamedDifference[] = [
  {
    name: 'parallel/test-net-connect-keepalive.js',
    aspects: ['status', 'stderr'],
    shows: /at TCP\.<anonymous> \(.*test-net-connect-keepalive\.js/,
    reason: 'It asserts the delay that a program asked for, where that is none or far too long.',
  },
  {
    name: 'parallel/test-net-keepalive-interval-count.js',
    aspects: ['status', 'stderr'],
    shows: /at TCP\.<anonymous> \(.*test-net-keepalive-interval-count\.js/,
    reason: 'It asserts that no interval is set for a program that asked for a delay alone.',
  },
  {
    name: 'parallel/test-tls-connect-keepalive-nodelay.js',
    aspects: ['status', 'stderr'],
    shows: /^true !== false$/m,
    reason: 'It asserts that keepalive is off for a program that did not ask for it.',
  },
  {
    name: 'parallel/test-tls-pause.js',
    aspects: ['stderr'],
    shows: /Symbol\(kSetKeepAlive\)\]?: true/,
    reason: 'It prints a socket, on which Node keeps what it is to set once that is connected.',
  },
]
