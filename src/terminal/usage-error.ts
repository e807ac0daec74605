/** Something about the arguments: said in one line, with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}
