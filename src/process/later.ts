import { AsyncResource } from 'node:async_hooks'
import { guarded } from './guarded'
import {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from './timers'

/** Runs `look` after `delayMs` without keeping the process alive; returns the way to stop it. */
export type Later = (look: () => void, delayMs: number) => () => void

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

/**
 * Runs `look` once in each turn of the event loop, when it has waited for the world and before it runs
 * timers. An immediate that is unref'd neither keeps the process alive nor keeps the loop from
 * waiting. Returns the way to stop it.
 */
export function everyTurn(look: () => void): () => void {
  const run = guarded('a turn', look)
  const turn = (): void => {
    run()
    next = setImmediate(turn)
    next.unref()
  }
  let next = setImmediate(turn)
  next.unref()
  return () => clearImmediate(next)
}
