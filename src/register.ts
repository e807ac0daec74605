import { writeSync } from 'node:fs'
import { announce, installed } from './hook/installed'
import { intercept, lateGuard } from './hook/intercept'
import { oncePerPart, type Part } from './hook/part'
import type { Preloaded } from './hook/preloaded'
import { isDebugged } from './process/is-debugged'
import { isWorker } from './process/is-worker'
import { type Environment, ownVariables } from './process/own-variables'
import { retried } from './process/retried'
import { setTimeout } from './process/timers'
import { version } from './process/version'
import { parseSwitch } from './settings/switch'

/** How long a program without settings goes on before anything is loaded for it, if it does not connect. */
const QUIET_MS = 1_000

/**
 * Installs the hook as the environment says. It loads only what notices the first need of the rest,
 * which then comes: with the first connect, with something to tell, or to look at connections, in
 * later turns of the event loop. What it throws, the preload tells as NKA002.
 */
export function register(): void {
  const given = environment()
  if (given.NAT_KEEPALIVE !== undefined && parseSwitch(given.NAT_KEEPALIVE) === false) return

  const present = installed()
  if (present !== undefined) {
    present.acquire()
    if (present.version !== version) startup().tellOfOtherVersion(present.version)
    return
  }

  const onError = oncePerPart((error, part) => tell(error, part, given))
  const enter = retried(
    (late): Preloaded => {
      const { preloaded } = require('./hook/preloaded') as typeof import('./hook/preloaded')
      return preloaded(given, { interception, onError, late })
    },
    (error) => onError(error, 'hook'),
  )
  // Whoever enters puts another guard in the place of this one.
  const first = lateGuard(() => (enter() === null ? null : interception.guard))
  const interception = intercept(first, (error) => {
    if (isDebugged()) guarding().showFault('the hook', error)
  })
  announce({
    version,
    hook: () => enter()?.installation.hook() ?? null,
    acquire: () => enter()?.installation.acquire() ?? (() => {}),
  })

  const begin = (): void => {
    try {
      if (enter()?.begin()) return
    } catch (error) {
      onError(error, 'watch')
    }
    beginAfter(QUIET_MS)
  }
  const beginAfter = (ms: number): void => {
    setTimeout(begin, ms).unref()
  }
  // The program does not begin where a strict check of the kernel's values fails.
  if (/strict/i.test(given.NAT_KEEPALIVE_SYSCTL ?? '')) begin()
  // Made now: the async hooks of the program, if it has any, would see one that is made later. And no
  // immediate, which does not wake a program that waits.
  else beginAfter(Object.keys(given).length > 0 || isDebugged() ? 1 : QUIET_MS)
}

/** A worker can have been given any environment. */
function environment(): Environment {
  if (!isWorker()) return ownVariables()
  return (require('./kernel/environment') as typeof import('./kernel/environment')).environment()
}

/** Where one part of the package cannot be loaded, the one that tells of it may not be either. */
function tell(error: unknown, part: Part, given: Environment): void {
  try {
    startup().tellOfFailure(error, part)
  } catch {
    const [reason] = String(error).split('\n', 1)
    const message = `The ${part} of nat-keepalive could not be loaded: ${reason}`
    const code = 'NKA002'
    if (given.NAT_KEEPALIVE_FORMAT?.trim().toLowerCase() !== 'json') {
      process.emitWarning(message, { type: 'NatKeepaliveWarning', code })
      return
    }
    const { pid } = process
    const line = { level: 'warn', message, code, version, time: new Date().toISOString(), pid }
    writeSync(2, `${JSON.stringify(line)}\n`)
  }
}

function startup() {
  return require('./hook/startup') as typeof import('./hook/startup')
}

function guarding() {
  return require('./process/guarded') as typeof import('./process/guarded')
}
