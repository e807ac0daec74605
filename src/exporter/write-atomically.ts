import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Replaces a file as a whole: whoever reads it sees the old text or the new one. Throws where that
 * cannot be, as on a full disk; then the old text stays, and nothing beside it.
 */
export function writeAtomically(file: string, text: string): void {
  // The textfile collector of node_exporter reads *.prom only.
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}`)
  try {
    const descriptor = openSync(beside, 'w', 0o644)
    try {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      // Else a crash of the machine could leave an empty file under the name.
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}
