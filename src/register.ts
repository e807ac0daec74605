import { createInstallation, installed } from './hook/installation'
import { createProcFs } from './kernel/proc-fs'
import { wasTold } from './kernel/told'
import { createLater } from './process/later'
import { version } from './process/version'

type Settings = ReturnType<typeof import('./settings/config').parseConfig>

/** The limit of a path of which nobody has said anything; a test compares it with the settings. */
export const STANDARD_LIMIT_MS = 240_000

/** When a program that has not connected until then is looked at, for connections of native code. */
const FIRST_LOOK_MS = 30_000

/**
 * Installs the hook as the environment says. Loads only what a program that never connects needs;
 * the rest comes with the first connect, or with something to tell. What it throws, the preload
 * tells as NKA002.
 */
export function register(): void {
  const { env } = process
  if (env.NAT_KEEPALIVE?.trim().toLowerCase() === 'off') return
  const startup = () => require('./hook/startup') as typeof import('./hook/startup')

  const present = installed()
  if (present !== undefined) {
    present.acquire()
    if (present.version !== version) startup().tellOfOtherVersion(present.version)
    return
  }
  const named = Object.keys(env).some((name) => /^NAT_KEEPALIVE(_|$)/i.test(name))
  let read: Settings | undefined
  const settings = () => {
    // What a program adds to its environment later is not the platform's setting.
    read ??= (require('./settings/config') as typeof import('./settings/config')).parseConfig(
      named ? env : {},
    )
    return read
  }
  createInstallation(
    () => settings().config,
    createLater(),
    named ? settings().config.auditMs : FIRST_LOOK_MS,
    (error) => tell(error, startup),
  ).acquire()
  if (!isQuiet(env, named ? settings() : undefined)) startup().startUp(settings(), true)
}

/** Where one file of the package is missing, the one that tells of it may not load either. */
function tell(error: unknown, startup: () => typeof import('./hook/startup')): void {
  try {
    startup().tellOfFailure(error)
  } catch {
    const type = 'NatKeepaliveWarning'
    process.emitWarning(`The hook could not be loaded: ${error}`, { type, code: 'NKA002' })
  }
}

/** Whether the start-up checks have nothing to tell, so that they need not be loaded. */
function isQuiet(env: NodeJS.ProcessEnv, settings: Settings | undefined): boolean {
  if (settings !== undefined && settings.problems.length > 0) return false
  const sysctl = settings?.config.sysctl ?? 'warn'
  if (sysctl === 'off') return true
  const proc = createProcFs()
  if (sysctl === 'warn' && wasTold(proc, env)) return true
  const seconds = proc.read('sys/net/ipv4/tcp_keepalive_time')
  const limitMs = settings?.config.limitMs ?? STANDARD_LIMIT_MS
  return seconds.known && Number(seconds.value) > 0 && Number(seconds.value) * 1_000 < limitMs
}
