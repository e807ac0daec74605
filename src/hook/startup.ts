import { emit } from '../findings/emit'
import { hookFinding } from '../findings/hook-finding'
import { settingFinding } from '../findings/setting-finding'
import { environment } from '../kernel/environment'
import { createProcFs } from '../kernel/proc-fs'
import { isWorker } from '../process/is-worker'
import { version } from '../process/version'
import type { Config, Problem } from '../settings/config'
import { checkKernel } from '../watch/kernel-check'
import type { Part } from './part'

/**
 * Tells what is wrong with the settings and with the kernel's values. Under `strict` it ends the
 * process, if it may: before the program begins, but not under its feet.
 */
export function startUp(
  { config, problems }: { readonly config: Config; readonly problems: readonly Problem[] },
  mayExit: boolean,
): void {
  if (isWorker()) return
  tellOfProblems(problems, config.format)
  checkKernel(createProcFs(), config, mayExit)
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

/** A part of the package could not be loaded, and the program runs on without it. */
export function tellOfFailure(error: unknown, part: Part = 'hook'): void {
  // Node says of a module that it does not find who wanted it, in further lines.
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
  emit(hookFinding(`${LOST[part]}: ${reason}`, { part, reason }), formatOfEnvironment())
}

const LOST: Readonly<Record<Part, string>> = {
  hook: 'The hook could not be installed, outbound connections are as they would be without it',
  watch:
    'What looks at the connections could not be loaded, so idle and lost ones are not told of; ' +
    'those that JavaScript opens are protected',
}

/** Good enough for the moments at which the settings were not, or could not be, read. */
function formatOfEnvironment(): Config['format'] {
  const format = environment().NAT_KEEPALIVE_FORMAT?.trim().toLowerCase()
  return format === 'json' ? 'json' : 'text'
}
