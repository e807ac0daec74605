import { type Binary, ensureBinaries } from '../matrix/binaries'

/** The Node that runs this, or the newest of the matrix whose major version is `major`. */
export async function chosenNode(major: string | undefined): Promise<Binary> {
  if (!major) return { version: process.versions.node, node: process.execPath }
  const binaries = await ensureBinaries()
  const chosen = binaries.filter(({ version }) => version.startsWith(`${major}.`)).at(-1)
  if (chosen === undefined) throw new Error(`The matrix has no Node ${major}.`)
  return chosen
}
