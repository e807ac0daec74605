import { AsyncResource } from 'node:async_hooks'

/** Runs `look` after `delayMs` without keeping the process alive; returns the way to stop it. */
export type Later = (look: () => void, delayMs: number) => () => void

/**
 * Captures the timers of this moment: one made after a test framework has replaced setTimeout would
 * run on a clock of its own.
 */
export function createLater(): Later {
  const { setTimeout, clearTimeout } = globalThis
  return (look, delayMs) => {
    const timer = setTimeout(look, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  }
}

/**
 * The same in the asynchronous context of this moment, for those who are called within a request: a
 * timer made there would hold its AsyncLocalStorage for good. The preload is not: its first timer is
 * made at the start of the program, and the others by that one.
 */
export function createLaterOutside(): Later {
  const later = createLater()
  const root = new AsyncResource('NatKeepalive')
  return (look, delayMs) => root.runInAsyncScope(() => later(look, delayMs))
}
