import type { ProcFs } from '../kernel/proc-fs'

/** What decides which processes this one may look into, as far as /proc tells. */
export interface OwnRights {
  /** Effective; null where it is not known. */
  readonly uid: number | null
  /** CAP_SYS_PTRACE, capabilities(7). */
  readonly mayTrace: boolean
  /** What hides the processes of others, proc(5): 0 nothing, 1 what is in them, 2 that they are there. */
  readonly hidepid: number
  /** Yama's ptrace_scope, ptrace(2): 0 as if there were none, 1 only children, 2 only with the right, 3 nobody. */
  readonly yama: number
  /** Whether a seccomp filter is on this process. */
  readonly filtered: boolean
  /** Whether this is a user namespace of its own, in which root is no root outside. */
  readonly ownUsers: boolean
}

export function readOwnRights(proc: ProcFs): OwnRights {
  const status = proc.read('self/status')
  const fields = status.known ? fieldsOf(status.value) : new Map<string, string>()
  const mounts = proc.read('self/mounts')
  const yama = proc.read('sys/kernel/yama/ptrace_scope')
  const users = proc.read('self/uid_map')
  return {
    uid: numberIn(fields.get('Uid'), 1),
    mayTrace: hasBit(fields.get('CapEff'), CAP_SYS_PTRACE),
    hidepid: hidepidOf(mounts.known ? mounts.value : ''),
    yama: yama.known ? Number.parseInt(yama.value, 10) || 0 : 0,
    filtered: fields.get('Seccomp') === '2',
    ownUsers: users.known && !/^\s*0\s+0\s+4294967295\s*$/.test(users.value),
  }
}

/** include/uapi/linux/capability.h */
const CAP_SYS_PTRACE = 19

/** The lines of a status file, proc(5), by their names. Pure. */
export function fieldsOf(status: string): Map<string, string> {
  return new Map(
    status.split('\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const]
    }),
  )
}

/** One of the numbers in a field, from 0; null where there is none. */
export function numberIn(field: string | undefined, index: number): number | null {
  const number = Number(field?.split(/\s+/)[index] ?? Number.NaN)
  return Number.isInteger(number) ? number : null
}

/** Whether a mask in hexadecimal has this bit. */
export function hasBit(mask: string | undefined, bit: number): boolean {
  return /^[0-9a-f]{1,32}$/i.test(mask ?? '') && ((BigInt(`0x${mask}`) >> BigInt(bit)) & 1n) === 1n
}

const hidepids: Readonly<Record<string, number>> = {
  noaccess: 1,
  invisible: 2,
  ptraceable: 4,
}

/** The option of the mount of proc, by its number or, from Linux 5.8 on, by its name. */
function hidepidOf(mounts: string): number {
  // The last one lies on top.
  const options = [...mounts.matchAll(/^\S+ \/proc proc (\S+)/gm)].at(-1)?.[1] ?? ''
  const value = /(?:^|,)hidepid=(\w+)/.exec(options)?.[1] ?? '0'
  return hidepids[value] ?? (Number.parseInt(value, 10) || 0)
}
