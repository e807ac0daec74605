import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { LabUnavailable } from './lab-unavailable'

const packages = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setsid: 'util-linux',
  mount: 'mount',
  sh: 'dash',
}

export type Tool = keyof typeof packages

export interface Tools {
  paths: Record<Tool, string>
  /** PATH for the lab's own commands. */
  searchPath: string
}

/** Finds the programs a lab is made of, or throws a LabUnavailable that names their packages. */
export function findTools(path = process.env.PATH ?? ''): Tools {
  if (process.platform !== 'linux') {
    throw new LabUnavailable(
      `The NAT lab needs the network namespaces of Linux, and this is ${process.platform}: run it in a Linux virtual machine.`,
    )
  }
  const folders = withSystemFolders(path.split(delimiter).filter(Boolean))
  const paths: Partial<Record<Tool, string>> = {}
  const missing: Tool[] = []
  for (const tool of Object.keys(packages) as Tool[]) {
    const found = folders.map((folder) => join(folder, tool)).find(isExecutable)
    if (found === undefined) missing.push(tool)
    else paths[tool] = found
  }
  if (missing.length > 0) {
    const install = [...new Set(missing.map((tool) => packages[tool]))].join(' ')
    throw new LabUnavailable(
      `The NAT lab needs ${missing.join(', ')} in the PATH: install with \`apt-get install -y ${install}\`.`,
    )
  }
  return { paths: paths as Record<Tool, string>, searchPath: folders.join(delimiter) }
}

// Debian leaves /usr/sbin, where ip and nft are, out of the PATH of ordinary users.
function withSystemFolders(folders: string[]): string[] {
  const siblings = folders
    .filter((folder) => /\/bin\/?$/.test(folder))
    .map((folder) => folder.replace(/bin\/?$/, 'sbin'))
  return [...new Set([...folders, ...siblings])]
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
