import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Turns the signals that end a program into an abort, so that it can clean up first. */
export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code that tells of the signal, once there was one. */
  readonly code: number | null
  /** Leaves the signals to Node again. */
  release(): void
}

export function catchInterruption(): Interruption {
  const controller = new AbortController()
  let code: number | null = null
  const interrupt = (name: NodeJS.Signals): void => {
    code ??= 128 + constants.signals[name]
    controller.abort()
  }
  for (const name of signals) process.on(name, interrupt)
  return {
    signal: controller.signal,
    get code() {
      return code
    },
    release() {
      for (const name of signals) process.off(name, interrupt)
    },
  }
}
