import type { Config } from './setting'

/** Whether the kernel's values are told of at the start, where nothing has met with them yet. */
export function toldAtStart({ sysctl, mode }: Pick<Config, 'sysctl' | 'mode'>): boolean {
  return sysctl === 'auto' ? mode === 'kernel' : sysctl !== 'off'
}
