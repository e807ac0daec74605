/** Descriptors may have run out, or a test have replaced the file system: for a while only. */
const RETRY_SECONDS = 1

/**
 * Does `work` at the first call, and hands out its result from then on. Where it fails `onError`, which
 * must not throw, is told, the call gives null, and it is tried again a second later at the earliest;
 * `late` says that it has failed before.
 */
export function retried<Result>(
  work: (late: boolean) => Result,
  onError: (error: unknown) => void,
): () => Result | null {
  let result: Result | null = null
  let failedAt: number | null = null
  return () => {
    if (result !== null) return result
    const now = process.uptime()
    if (failedAt !== null && now < failedAt + RETRY_SECONDS) return null
    try {
      result = work(failedAt !== null)
    } catch (error) {
      failedAt = now
      onError(error)
    }
    return result
  }
}
