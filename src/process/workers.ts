/**
 * Whether this thread may have started others: whoever does loads this module of Node. A look at what
 * runs would have to ask each of them.
 */
export function mayHaveWorkers(): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] }
  return moduleLoadList.includes('NativeModule internal/worker')
}
