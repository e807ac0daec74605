import type { KernelWord } from '../src/kernel/kernel-word'

const quiet: KernelWord = {
  state: 'established',
  armed: false,
  nextTimerMs: null,
  unansweredProbes: 0,
  retransmits: 0,
  unackedBytes: 0,
  lastAnswerMs: null,
  leastDelayMs: null,
  why: null,
  passing: false,
  readable: true,
}

/** Keepalive is off. */
export const off: KernelWord = quiet

/** The timer of keepalive runs, and fires in so many milliseconds. */
export function fires(nextTimerMs: number, changes: Partial<KernelWord> = {}): KernelWord {
  return { ...quiet, armed: true, nextTimerMs, ...changes }
}

/** Another timer hides that of keepalive. */
export function hidden(changes: Partial<KernelWord> = {}): KernelWord {
  return { ...quiet, armed: null, why: 'it hides', passing: true, ...changes }
}
