import { variable } from './variable'

/** Whether DEBUG may mean something of ours. */
export function isDebugged(): boolean {
  const wanted = variable('DEBUG')
  return wanted !== undefined && /(^|[\s,])(\*|nat)/i.test(wanted)
}
