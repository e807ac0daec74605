import { guarded } from '../process/guarded'
import { isDebugged } from '../process/is-debugged'
import { createLater } from '../process/later'
import type { Environment } from '../process/own-variables'
import { type Begun, createInstallation, type InstallationOptions } from './installation'

type Settings = ReturnType<typeof import('../settings/config').parseConfig>

/** When a program that has not connected until then is looked at, for connections of native code. */
const UNNAMED = { auditMs: 30_000, delayMs: Number.POSITIVE_INFINITY }

/** What a preload becomes when it is needed. */
export interface Preloaded {
  readonly installation: Begun
  /**
   * Begins to look at the connections, and tells what is wrong with the settings and with the kernel's
   * values. Throws what loading our files throws, and then nothing has begun.
   */
  begin(): true
}

/** `given` is what the environment gave when the program began. Throws what loading our files throws. */
export function preloaded(
  given: Environment,
  options: Omit<InstallationOptions, 'config' | 'later'>,
): Preloaded {
  const named = Object.keys(given).length > 0
  let read: Settings | undefined
  const settings = () => {
    read ??= (require('../settings/config') as typeof import('../settings/config')).parseConfig(
      given,
    )
    return read
  }
  const installation = createInstallation({
    ...options,
    config: () => settings().config,
    later: createLater(),
  })
  // The preload is a user that stays.
  installation.acquire()
  return {
    installation,
    begin() {
      const { config } = named ? settings() : { config: UNNAMED }
      installation.begin(config)
      if ((named && hasToTell(settings())) || isDebugged()) tellAtStart(settings())
      return true
    },
  }
}

const tellAtStart = guarded('the start', (settings: Settings) => {
  const { startUp } = require('./startup') as typeof import('./startup')
  startUp(settings, true)
})

function hasToTell({ problems, config }: Settings): boolean {
  const { toldAtStart } =
    require('../settings/told-at-start') as typeof import('../settings/told-at-start')
  return problems.length > 0 || toldAtStart(config)
}
