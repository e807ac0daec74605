import { closeSync, openSync, readSync } from 'node:fs'
import type { ProcFs } from './proc-fs'

/** Reads bytes at a place of a file; fewer where it ends. */
type ReadAt = (position: number, length: number) => Buffer

/**
 * The words in the memory of another process, by the names that its program file has for them.
 * Everything throws where that is not allowed (it takes the right to trace, ptrace(2)), and where the
 * file has no names.
 */
export class ProcessMemory {
  readonly #read: ReadAt
  readonly #close: () => void

  constructor(pid: number, root = '/proc') {
    const { read, close } = openFile(`${root}/${pid}/mem`)
    this.#read = read
    this.#close = close
  }

  /** Throws where it is not mapped. */
  bytes(address: number, length: number): Buffer {
    const bytes = this.#read(address, length)
    if (bytes.length < length) throw new Error('The memory is not there.')
    return bytes
  }

  close(): void {
    this.#close()
  }
}

/**
 * Where a variable of a program is in the memory of a process, by the symbols of its file, elf(5);
 * null where the file has none of this name. Throws for what cannot be read.
 */
export function addressOf(proc: ProcFs, pid: number, name: string, root = '/proc'): number | null {
  const { read, close } = openFile(`${root}/${pid}/exe`)
  try {
    const header = read(0, 64)
    if (header.toString('latin1', 1, 4) !== 'ELF' || header[4] !== ELFCLASS64) return null
    const value = symbolValue(read, header, name)
    if (value === null) return null
    const movable = header.readUInt16LE(16) === ET_DYN
    return value + (movable ? baseOf(proc, pid) : 0)
  } finally {
    close()
  }
}

const ELFCLASS64 = 2
const ET_DYN = 3
const SHT_SYMTAB = 2
const SYMBOL_BYTES = 24

function symbolValue(read: ReadAt, header: Buffer, name: string): number | null {
  const [size, count] = [header.readUInt16LE(58), header.readUInt16LE(60)]
  const table = read(Number(header.readBigUInt64LE(40)), size * count)
  const section = (index: number) => {
    const at = index * size
    return {
      type: table.readUInt32LE(at + 4),
      offset: Number(table.readBigUInt64LE(at + 24)),
      length: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
    }
  }
  for (let index = 0; index < count; index++) {
    const symbols = section(index)
    if (symbols.type !== SHT_SYMTAB) continue
    const names = section(symbols.link)
    const text = read(names.offset, names.length)
    const found = text.indexOf(`\0${name}\0`, 0, 'latin1')
    if (found === -1) return null
    const entries = read(symbols.offset, symbols.length)
    for (let at = 0; at + SYMBOL_BYTES <= entries.length; at += SYMBOL_BYTES) {
      if (entries.readUInt32LE(at) === found + 1) return Number(entries.readBigUInt64LE(at + 8))
    }
  }
  return null
}

/** Where a file that can lie anywhere begins: its first mapping. */
function baseOf(proc: ProcFs, pid: number): number {
  const [maps, exe] = [proc.read(`${pid}/maps`), proc.link(`${pid}/exe`)]
  if (!maps.known || !exe.known) throw new Error('Its maps cannot be read.')
  const line = maps.value.split('\n').find((one) => one.endsWith(` ${exe.value}`))
  if (line === undefined) throw new Error('Its program is not in its maps.')
  return Number.parseInt(line, 16)
}

function openFile(file: string): { read: ReadAt; close: () => void } {
  const descriptor = openSync(file, 'r')
  return {
    read(position, length) {
      const buffer = Buffer.alloc(length)
      let filled = 0
      while (filled < length) {
        const bytes = readSync(descriptor, buffer, filled, length - filled, position + filled)
        if (bytes === 0) break
        filled += bytes
      }
      return buffer.subarray(0, filled)
    },
    close: () => closeSync(descriptor),
  }
}
