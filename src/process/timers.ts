/**
 * The timers as they were when this was loaded, at the start of the program: one made after a test
 * framework has replaced setTimeout would run on a clock of its own.
 */
export const {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
  clearImmediate,
} = globalThis
