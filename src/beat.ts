import { AsyncResource } from 'node:async_hooks'

/** Runs `look` after `delayMs` without keeping the process alive; returns the way to stop it. */
export type Later = (look: () => void, delayMs: number) => () => void

/**
 * Captures the timers and the asynchronous context of this moment, which is the start of the
 * program: a timer made during a connect would hold that request's AsyncLocalStorage for good, and
 * one made after a test framework has replaced setTimeout would run on a clock of its own.
 */
export function createLater(): Later {
  const { setTimeout, clearTimeout } = globalThis
  const root = new AsyncResource('NatKeepalive')
  return (look, delayMs) => {
    const timer = root.runInAsyncScope(() => setTimeout(look, delayMs))
    timer.unref()
    return () => clearTimeout(timer)
  }
}
