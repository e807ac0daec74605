/** What could not be loaded when it was needed: what protects sockets, or what looks at them. */
export type Part = 'hook' | 'watch'

/** The same for the first error of each part: it is tried again and again. */
export function oncePerPart(
  tell: (error: unknown, part: Part) => void,
): (error: unknown, part: Part) => void {
  const told = new Set<Part>()
  return (error, part) => {
    if (told.has(part)) return
    told.add(part)
    tell(error, part)
  }
}
