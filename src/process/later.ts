import { AsyncResource } from 'node:async_hooks'
import { guarded } from './guarded'

/** Runs `look` after `delayMs` without keeping the process alive; returns the way to stop it. */
export type Later = (look: () => void, delayMs: number) => () => void

/**
 * The timers as they were when this was loaded: one made after a test framework has replaced
 * setTimeout would run on a clock of its own.
 */
const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis

export function createLater(): Later {
  return (look, delayMs) => {
    const timer = setTimeout(guarded('a timer', look), delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  }
}

/** Runs `look` every `delayMs` without keeping the process alive; returns the way to stop it. */
export function every(look: () => void, delayMs: number): () => void {
  const timer = setInterval(guarded('a timer', look), delayMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * A Later in the asynchronous context of this moment, for those who are called within a request: a
 * timer made there would hold its AsyncLocalStorage for good. The preload is not: its first timer is
 * made at the start of the program, and the others by that one.
 */
export function createLaterOutside(): Later {
  const later = createLater()
  const root = new AsyncResource('NatKeepalive')
  return (look, delayMs) => root.runInAsyncScope(() => later(look, delayMs))
}
