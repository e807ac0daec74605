import { writeSync } from 'node:fs'
import { createInstallation, installed, type Part } from './hook/installation'
import { type Environment, environment } from './kernel/environment'
import { isDebugged } from './process/is-debugged'
import { createLater } from './process/later'
import { version } from './process/version'
import { parseSwitch } from './settings/switch'

type Settings = ReturnType<typeof import('./settings/config').parseConfig>

/** When a program that has not connected until then is looked at, for connections of native code. */
const FIRST_LOOK_MS = 30_000

/**
 * Installs the hook as the environment says. Loads only what a program that never connects needs;
 * the rest comes with the first connect, or with something to tell. What it throws, the preload
 * tells as NKA002.
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
  const named = Object.keys(given).length > 0
  let read: Settings | undefined
  const settings = () => {
    read ??= (require('./settings/config') as typeof import('./settings/config')).parseConfig(given)
    return read
  }
  createInstallation(
    () => settings().config,
    createLater(),
    named ? settings().config : { auditMs: FIRST_LOOK_MS, delayMs: Number.POSITIVE_INFINITY },
    (error, part) => tell(error, part, given),
  ).acquire()
  if ((named && hasToTell(settings())) || isDebugged()) startup().startUp(settings(), true)
}

function hasToTell({ problems, config }: Settings): boolean {
  const { toldAtStart } =
    require('./settings/told-at-start') as typeof import('./settings/told-at-start')
  return problems.length > 0 || toldAtStart(config)
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
