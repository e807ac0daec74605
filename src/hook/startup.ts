import { emit } from '../findings/emit'
import { hookFinding } from '../findings/hook-finding'
import { settingFinding } from '../findings/setting-finding'
import { createProcFs } from '../kernel/proc-fs'
import { isWorker } from '../process/is-worker'
import { version } from '../process/version'
import type { Config, Problem } from '../settings/config'
import { checkKernel } from '../watch/kernel-check'

/**
 * Tells what is wrong with the settings and with the kernel's values. Under `strict` it ends the
 * process, if it may: before the program begins, but not under its feet.
 */
export function startUp(
  settings: {
    readonly config: Config
    readonly problems: readonly Problem[]
    readonly given: ReadonlySet<string>
  },
  mayExit: boolean,
): void {
  const { config, problems, given } = settings
  if (isWorker()) return
  tellOfProblems(problems, config.format)
  checkKernel(createProcFs(), config, given.has('NAT_KEEPALIVE_SYSCTL'), mayExit)
}

export function tellOfProblems(problems: readonly Problem[], format: Config['format']): void {
  for (const { variable, value, message } of problems) {
    emit(settingFinding(variable, value, message), format)
  }
}

/** Two copies of different versions met: the first stays in charge. */
export function tellOfOtherVersion(first: string): void {
  const text =
    `nat-keepalive ${version} was loaded after version ${first}, which stays in charge of this ` +
    'process. Load one version: compare NODE_OPTIONS with the dependencies of the program.'
  emit(hookFinding(text, { version, first }), formatOfEnvironment())
}

/** The hook is not in place, and the program runs as it would without it. */
export function tellOfFailure(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  const text =
    'The hook could not be installed, outbound connections are as they would be without it: ' +
    `${reason}`
  emit(hookFinding(text, { reason }), formatOfEnvironment())
}

/** Good enough for the moments at which the settings were not, or could not be, read. */
function formatOfEnvironment(): Config['format'] {
  return process.env.NAT_KEEPALIVE_FORMAT?.trim().toLowerCase() === 'json' ? 'json' : 'text'
}
