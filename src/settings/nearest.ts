/** The one of `known` that takes the fewest typing mistakes to become `text`, if any is near. */
export function nearest(text: string, known: readonly string[]): string | null {
  if (text.length > 64) return null
  const ranked = known
    .map((name) => ({ name, mistakes: editDistance(text.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.mistakes - b.mistakes)
  const best = ranked[0]
  return best !== undefined && best.mistakes <= Math.max(2, text.length / 3) ? best.name : null
}

/** Levenshtein's: insertions, deletions and replacements of one character. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
