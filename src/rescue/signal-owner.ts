import type { ProcFs } from '../kernel/proc-fs'
import { addressOf, ProcessMemory } from '../kernel/process-memory'
import { fieldsOf, hasBit } from '../outside/own-rights'

/** Whose SIGUSR1 is in a process of Node; `nobody`: it would end the process. */
export type SignalOwner =
  | { readonly owner: 'inspector' | 'program' | 'nobody' }
  | { readonly owner: 'unknown'; readonly why: string }

/** signal(7), on x86-64 and arm64. */
const SIGUSR1 = 10

/**
 * Who handles SIGUSR1. That it is caught is in SigCgt of /proc/PID/status, but not by whom: Node's
 * inspector, or the program, which replaces that by process.on('SIGUSR1'). The program's handlers
 * are in a tree of libuv's (uv__signal_tree, deps/uv/src/unix/signal.c), which is read from the memory of
 * the process where this one may trace it. Changes nothing, and never throws.
 */
export function signalOwner(proc: ProcFs, pid: number): SignalOwner {
  const status = proc.read(`${pid}/status`)
  if (!status.known) return { owner: 'unknown', why: status.why }
  if (!hasBit(fieldsOf(status.value).get('SigCgt'), SIGUSR1 - 1)) return { owner: 'nobody' }
  try {
    const tree = addressOf(proc, pid, 'uv__signal_tree')
    if (tree === null) return { owner: 'unknown', why: 'the file of its Node has no symbols' }
    return { owner: handles(pid, tree, SIGUSR1) ? 'program' : 'inspector' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { owner: 'unknown', why: `its memory cannot be read (${code ?? message})` }
  }
}

/** Where the fields of uv_signal_t are, include/uv/unix.h of libuv 1.x on 64 bits. */
const SIGNUM = 104
const LEFT = 112
const RIGHT = 120
const HANDLE_BYTES = 128

/** More handlers than any program has: what is longer is no such tree. */
const MOST = 10_000

/** Whether a handle for the signal is in the tree at this address. Throws for what is no such tree. */
function handles(pid: number, tree: number, signal: number): boolean {
  const memory = new ProcessMemory(pid)
  try {
    const left = [Number(memory.bytes(tree, 8).readBigUInt64LE())]
    for (let count = 0; left.length > 0; count++) {
      const at = left.pop() as number
      if (at === 0) continue
      const handle = memory.bytes(at, HANDLE_BYTES)
      const signum = handle.readInt32LE(SIGNUM)
      if (signum < 1 || signum > 64 || count > MOST) throw new Error('it is another libuv')
      if (signum === signal) return true
      left.push(Number(handle.readBigUInt64LE(LEFT)), Number(handle.readBigUInt64LE(RIGHT)))
    }
    return false
  } finally {
    memory.close()
  }
}
