import type { Preload } from './node-options'

/**
 * What becomes of a preload in a program that takes NODE_OPTIONS apart itself, to start its workers
 * with it; null where all that were tried hand it on, or drop no other for it. Node takes every form.
 *
 * It is Next.js that does so. From 15.0 on it writes `-r` as `--r`, which Node refuses. Up to 16.3 it
 * keeps one value for each name (vercel/next.js#96582): `--require A --require B` and `--require A
 * --require=B` become the one file "A B" or "B A", and of two with an equals sign the last is left.
 */
export function fragility(preloads: readonly Preload[], index: number): string | null {
  const entry = preloads[index]
  if (entry === undefined) return null
  if (entry.spelling === '-r') {
    return 'Next.js, from 15.0 on, starts its workers with --r for -r, and Node refuses that.'
  }
  const [first, ...others] = preloads.filter(({ flag }) => flag === entry.flag)
  if (others.length === 0 || (entry === first && entry.attached)) return null
  return `There is another ${entry.flag}: Next.js from 15.0 to 16.3 does not start its workers with the two, or leaves one out.`
}
