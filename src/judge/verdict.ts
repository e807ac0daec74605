import type { KernelWord } from '../kernel/kernel-word'
import { formatDuration } from '../settings/duration'

/** Whether a connection would survive idleness on the path. */
export interface Verdict {
  readonly verdict: 'safe' | 'unknown' | 'at-risk' | 'dying'
  /** One sentence. */
  readonly reason: string
  /** Set where it is not keepalive that decides. */
  readonly cause?: 'closed-by-peer'
  /** Set where the kernel cannot be asked: what was put on the socket, in a sentence. */
  readonly set?: string
}

/** The times of keepalive on a socket, in milliseconds; null in a field: not known. */
export interface Schedule {
  readonly delayMs: number | null
  readonly intervalMs: number | null
  readonly probes: number | null
}

export const UNKNOWN_SCHEDULE: Schedule = { delayMs: null, intervalMs: null, probes: null }

export interface Evidence {
  readonly word: KernelWord
  /** Since the connection was opened, at the most; null: not known. */
  readonly ageMs: number | null
  /** What was put on the socket for certain, by us, by the program or by a sysctl. */
  readonly schedule: Schedule
  /** Whether something else was seen to have changed that: then it is not known. */
  readonly changedBehind?: boolean
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
}

/** The timer column counts hundredths, and the kernel's timer wheel rounds up by an eighth. */
export const SLACK = 1.125

/**
 * Judges by the kernel's word. That the timer runs is not enough: while nothing is being probed the
 * first probe's delay lies between the time left on the timer and that plus the connection's age,
 * because traffic does not reset the timer; it re-arms for the rest when it fires
 * (tcp_keepalive_timer, Linux net/ipv4/tcp_timer.c). The age of a process is none of a socket's,
 * which can be inherited or received. Pure.
 */
export function judge(evidence: Evidence): Verdict {
  const { word, limitMs } = evidence
  const dying = dyingOf(evidence)
  if (dying !== null) return { verdict: 'dying', reason: dying }
  if (word.state === 'close-wait') return CLOSED_BY_PEER
  if (word.armed === null) return hidden(evidence)
  const limit = text(limitMs)
  if (!word.armed) {
    return { verdict: 'at-risk', reason: `Keepalive is off; the path forgets it after ${limit}.` }
  }
  const late = lateOf(evidence)
  if (late !== null) {
    return { verdict: 'at-risk', reason: `${late}, but the path forgets it after ${limit}.` }
  }
  const safe = safeOf(evidence)
  if (safe !== null) return word.unansweredProbes ? ON_ITS_WAY : safe
  const reason = evidence.changedBehind
    ? 'it once had more left than what was put on it: something else has changed that.'
    : `a delay beyond ${limit} that was set long ago would look the same.`
  const left = rounded(word.nextTimerMs ?? 0)
  return {
    verdict: 'unknown',
    reason: `Keepalive is on and its timer fires in ${left}, but ${reason}`,
  }
}

const CLOSED_BY_PEER: Verdict = {
  verdict: 'at-risk',
  reason: 'The peer has closed it: nothing more will come, and the program has not ended it.',
  cause: 'closed-by-peer',
}

const ON_ITS_WAY: Verdict = {
  verdict: 'unknown',
  reason: 'A probe went out and is not answered yet; another look tells more.',
}

/** A probe may be on its way, and one may be lost: two in a row are no accident. */
const UNANSWERED = 2

/**
 * From so many retransmissions on something is wrong with the path (R1 of RFC 1122, 4.2.3.5; the
 * kernel's tcp_retries1), and it takes about as many probes of a closed window, which come as fast.
 */
export const SENT_AGAIN = 3

/** Why a connection on which nobody answers is dying; null where that is not so. */
function dyingOf(evidence: Evidence): string | null {
  const { word, schedule } = evidence
  const { armed, retransmits, unackedBytes } = word
  const unanswered = word.unansweredProbes ?? 0
  if (armed === true && unanswered >= Math.min(UNANSWERED, schedule.probes ?? UNANSWERED)) {
    const end = giveUpMs(evidence)
    const when = end === null ? NO_END : `the kernel gives it up in about ${rounded(end)}`
    return `${unanswered === 1 ? 'The last probe has' : `${unanswered} probes in a row have`} gone unanswered; ${when}.`
  }
  if (armed !== null) return null
  if ((retransmits ?? 0) >= SENT_AGAIN) {
    const bytes = unackedBytes === 1 ? 'A byte is' : `${unackedBytes} bytes are`
    return `${bytes} unacknowledged although data was sent again ${retransmits} times; ${NO_END}.`
  }
  return unanswered >= SENT_AGAIN
    ? `${unanswered} probes in a row have gone unanswered; ${NO_END}.`
    : null
}

const NO_END = 'when the kernel gives it up is not known'

/** After the last probe the kernel waits for one interval more; null where the times are not known. */
export function giveUpMs({
  word,
  schedule,
  changedBehind = false,
}: Pick<Evidence, 'word' | 'schedule' | 'changedBehind'>): number | null {
  const { intervalMs, probes } = schedule
  const [leftMs, sent] = [word.nextTimerMs ?? 0, word.unansweredProbes ?? 0]
  if (changedBehind || intervalMs === null || probes === null) return null
  // Then these are not the times that it has.
  if (leftMs > intervalMs * SLACK || sent > probes) return null
  return leftMs + (probes - sent) * intervalMs
}

function hidden({ word, schedule, limitMs }: Evidence): Verdict {
  const { delayMs } = schedule
  if (word.readable || delayMs === null || delayMs >= limitMs) {
    return { verdict: 'unknown', reason: `It is not known: ${word.why}.` }
  }
  const set = `A first probe after ${text(delayMs)} idle was set on it`
  const reason = `${set}, and whether it runs is not known: ${word.why}.`
  return { verdict: 'unknown', reason, set: `${set}.` }
}

/** Where probes come too late for the path, when they come; null where they do not, or may not. */
function lateOf(evidence: Evidence): string | null {
  const { word, schedule, limitMs } = evidence
  if (!isTrusted(evidence)) {
    const leftMs = word.nextTimerMs ?? 0
    if (leftMs >= limitMs) return `The first probe comes in ${rounded(leftMs)}`
    // A sample is of a timer that was rounded up.
    const leastMs = word.leastDelayMs ?? 0
    return leastMs > limitMs * SLACK ? `Probes come only after ${rounded(leastMs)} idle` : null
  }
  const { delayMs, intervalMs } = schedule
  if (delayMs !== null && delayMs >= limitMs) {
    return `The first probe comes after ${text(delayMs)} idle`
  }
  // The kernel waits for the interval after a probe that was answered, too.
  if (intervalMs !== null && intervalMs >= limitMs) return `Probes come ${text(intervalMs)} apart`
  return null
}

function safeOf(evidence: Evidence): Verdict | null {
  const { word, ageMs, schedule, limitMs } = evidence
  const leftMs = word.nextTimerMs ?? 0
  const { delayMs, intervalMs } = schedule
  if (delayMs !== null && isTrusted(evidence)) return safe(delayMs, rounded(leftMs))
  if (ageMs === null || leftMs + ageMs >= limitMs) return null
  if (intervalMs !== null && intervalMs >= limitMs) return null
  return {
    verdict: 'safe',
    reason: `The kernel probes after ${rounded(leftMs + ageMs)} idle at the latest.`,
  }
}

/** Whether the times that were put on a socket are those by which its timer runs. */
function isTrusted({ word, schedule, changedBehind }: Evidence): boolean {
  return schedule.delayMs !== null && !changedBehind && !exceeds(word, schedule)
}

/** Whether more is left on the timer than these times allow: then something else has set its own. */
export function exceeds({ nextTimerMs }: KernelWord, { delayMs, intervalMs }: Schedule): boolean {
  if (nextTimerMs === null || delayMs === null) return false
  return nextTimerMs > Math.max(delayMs, intervalMs ?? 0) * SLACK
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
