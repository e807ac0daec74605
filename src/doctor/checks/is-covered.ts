import { hookEntries } from './hook-entries'
import type { Machine } from './machine'

/** Whether what JavaScript opens here has the hook, by NODE_OPTIONS or in this very process. */
export function isCovered(machine: Machine): boolean {
  const { env, files, active, settings } = machine
  if (!settings.config.enabled) return false
  if (active !== null) return true
  const { entries, problem } = hookEntries(env.NODE_OPTIONS ?? '', machine)
  return (
    problem === null && entries.some(({ file }) => file !== null && files.exists(file) === true)
  )
}
