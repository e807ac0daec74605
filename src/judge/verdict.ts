import type { KernelWord } from '../kernel/kernel-word'
import { formatDuration } from '../settings/duration'

/** Whether a connection would survive idleness on the path. */
export interface Verdict {
  readonly verdict: 'safe' | 'at-risk' | 'unknown'
  /** One sentence. */
  readonly reason: string
}

export interface Evidence {
  readonly word: KernelWord
  /** Since the connection was opened, at the most; the age of the process where that is not known. */
  readonly ageMs: number
  /** The delay that was put on the socket for certain, by us or by a sysctl; null: not known. */
  readonly delayMs: number | null
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
}

/** The timer column counts hundredths, and the kernel's timer wheel rounds up by an eighth. */
const SLACK = 1.125

/**
 * Judges by the kernel's word. That the timer runs is not enough: while nothing is being probed the
 * first probe's delay lies between the time left on the timer and that plus the connection's age,
 * because traffic does not reset the timer; it re-arms for the rest when it fires
 * (tcp_keepalive_timer, Linux net/ipv4/tcp_timer.c). Pure.
 */
export function judge({ word, ageMs, delayMs, limitMs }: Evidence): Verdict {
  const limit = text(limitMs)
  if (word.armed === null) return { verdict: 'unknown', reason: `It is not known: ${word.why}.` }
  if (!word.armed) {
    return { verdict: 'at-risk', reason: `Keepalive is off; the path forgets it after ${limit}.` }
  }
  const leftMs = word.nextTimerMs ?? 0
  const left = rounded(leftMs)
  if (leftMs >= limitMs) {
    return {
      verdict: 'at-risk',
      reason: `The first probe comes in ${left}, but the path forgets it after ${limit}.`,
    }
  }
  const trusted = delayMs !== null && leftMs <= delayMs * SLACK
  if (trusted && delayMs >= limitMs) {
    return {
      verdict: 'at-risk',
      reason: `The first probe comes after ${text(delayMs)} idle, but the path forgets it after ${limit}.`,
    }
  }
  if (trusted) return safe(delayMs, left)
  if (leftMs + ageMs < limitMs) {
    return {
      verdict: 'safe',
      reason: `The kernel probes after ${rounded(leftMs + ageMs)} idle at the latest.`,
    }
  }
  return {
    verdict: 'unknown',
    reason:
      `Keepalive is on and its timer fires in ${left}, but a delay beyond ${limit} that was set ` +
      'long ago would look the same.',
  }
}

/** The last answer: thousands of sockets are judged in one go, and most in the same words. */
let lastSafe: { delayMs: number; left: string; verdict: Verdict } | undefined

function safe(delayMs: number, left: string): Verdict {
  if (lastSafe?.delayMs === delayMs && lastSafe.left === left) return lastSafe.verdict
  const reason = `The kernel probes after ${text(delayMs)} idle; its timer fires in ${left}.`
  const verdict: Verdict = { verdict: 'safe', reason }
  lastSafe = { delayMs, left, verdict }
  return verdict
}

function rounded(ms: number): string {
  return text(Math.ceil(ms / 1_000) * 1_000)
}

/** Thousands of sockets are judged in one go, and share a few durations. */
const texts = new Map<number, string>()
const MAX_TEXTS = 1_000

function text(ms: number): string {
  const known = texts.get(ms)
  if (known !== undefined) return known
  if (texts.size === MAX_TEXTS) texts.clear()
  const made = formatDuration(ms)
  texts.set(ms, made)
  return made
}
