import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { notKnown, type Reading, unreadable } from './proc-fs'

/** In every file that this version can use: `identity` in native/nat-keepalive.c. */
const IDENTITY = 'nat-keepalive native part 1\0'

/** The numbers of the processors in an ELF header, elf(5), by Node's names for them. */
const MACHINES: ReadonlyMap<string, number> = new Map([
  ['linux-x64', 62],
  ['linux-arm64', 183],
])

/**
 * The file of the native part for this machine, once it has been seen to be whole and ours: a
 * loader that maps a file which was cut short may end the process. `from` is the folder of the code
 * that asks, two levels below the package or, in a bundle of ours, one. Never throws.
 */
export function findAddonFile(from: string, platform: string, arch: string): Reading<string> {
  const machine = MACHINES.get(`${platform}-${arch}`)
  if (machine === undefined) {
    const some = [...MACHINES.keys()].join(' and ')
    return notKnown(`there is no native part for ${platform}-${arch}, only for ${some}`)
  }
  const name = `${platform}-${arch}.node`
  const nearest = join(from, '..', 'native', name)
  for (const file of [nearest, join(from, '../..', 'native', name)]) {
    try {
      const why = findFault(readFileSync(file), machine)
      return why === null ? { known: true, value: file } : notKnown(`${file} ${why}`)
    } catch (error) {
      const { why, code } = unreadable(file, error)
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return notKnown(why)
    }
  }
  return notKnown(`native/${name} is not in the folder of the package`)
}

function findFault(file: Buffer, machine: number): string | null {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file.readUInt16LE(4) !== 0x0102) {
    return 'is no 64-bit ELF file'
  }
  const found = file.readUInt16LE(18)
  if (found !== machine) return `is for another processor (ELF machine ${found}, not ${machine})`
  // The table of its sections comes last.
  const end = Number(file.readBigUInt64LE(40)) + file.readUInt16LE(58) * file.readUInt16LE(60)
  if (end !== file.length) return `has ${file.length} bytes and not ${end}: it is not whole`
  return file.includes(IDENTITY) ? null : 'is not the native part of this version'
}
