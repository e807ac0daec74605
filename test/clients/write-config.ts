import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from './server'

/** Writes a server's configuration into the place's folder and returns its path. */
export async function writeConfig(
  { folder }: Place,
  name: string,
  lines: readonly string[],
): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}
