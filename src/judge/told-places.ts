/** Places that nobody can act upon any more are not worth the memory. */
const MAX_PLACES = 1_000

/** What was told once in the life of a process. When it is full, nothing more is told. */
export class ToldPlaces {
  readonly #keys = new Set<string>()

  /** Whether this is the first time; it is taken for told then. */
  isFirst(key: string): boolean {
    if (this.#keys.has(key) || this.#keys.size >= MAX_PLACES) return false
    this.#keys.add(key)
    return true
  }
}
