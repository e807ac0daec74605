import type { ProcFs } from '../kernel/proc-fs'
import { printable } from '../process/printable'
import { commandOf } from './command-of'
import { type Container, containerOf } from './container-of'
import { type HookThere, hookOf } from './hook-of'
import { fieldsOf, numberIn } from './own-rights'

/** Whose process it is. */
export interface ProcessAbout {
  /** What runs: the program, and the file that it was given first. Other arguments can hold secrets. */
  readonly command: string
  /** Effective; null where that is not known. */
  readonly uid: number | null
  /** Since it was started, in milliseconds; null where that is not known. */
  readonly ageMs: number | null
  /** Null where no container shows. */
  readonly container: Container | null
  /** HOSTNAME of a process in a pod, which Kubernetes makes the pod's name. */
  readonly pod: string | null
  /** Whether it is Node by the name of its file; null where that may not be seen. */
  readonly node: boolean | null
  /** The hook in it; null where nothing shows it. */
  readonly hook: HookThere | null
}

/** Reads who a process is. Never throws. */
export function aboutProcess(proc: ProcFs, pid: number): ProcessAbout {
  const argv = wordsOf(proc, `${pid}/cmdline`) ?? []
  const environment = wordsOf(proc, `${pid}/environ`)
  const cgroup = proc.read(`${pid}/cgroup`)
  const container = cgroup.known ? containerOf(cgroup.value) : null
  const exe = proc.link(`${pid}/exe`)
  const node = exe.known ? /\/node(js)?(-?\d[\d.]*)?( \(deleted\))?$/.test(exe.value) : null
  const hostname = environment?.find((one) => one.startsWith('HOSTNAME='))?.slice(9)
  return {
    command: shownCommand(proc, pid, argv),
    uid: uidOf(proc, pid),
    ageMs: ageOf(proc, pid),
    container,
    pod: container?.podUid != null && hostname ? printable(hostname, 63) : null,
    node,
    hook: node === false ? null : hookOf(proc, pid, { argv, environment }),
  }
}

/** The words of a file in which a zero ends each; null where it cannot be read. */
function wordsOf(proc: ProcFs, path: string): string[] | null {
  const text = proc.read(path)
  // /proc is read byte by byte.
  return text.known ? Buffer.from(text.value, 'latin1').toString().split('\0') : null
}

function shownCommand(proc: ProcFs, pid: number, argv: readonly string[]): string {
  const { name, script } = commandOf(argv)
  const folder = script?.startsWith('/') ? 'root' : 'cwd'
  const shown = script !== null && proc.isFile(`${pid}/${folder}/${script}`)
  return printable(shown ? `${name} ${script}` : name, 60)
}

/** The short name of a process, which everybody may see; empty where it is gone. */
export function nameOf(proc: ProcFs, pid: number): string {
  const comm = proc.read(`${pid}/comm`)
  return comm.known ? printable(Buffer.from(comm.value, 'latin1').toString().trimEnd(), 60) : ''
}

export function uidOf(proc: ProcFs, pid: number): number | null {
  const status = proc.read(`${pid}/status`)
  return status.known ? numberIn(fieldsOf(status.value).get('Uid'), 1) : null
}

/** proc(5): the name, which can hold anything, is in brackets; state, the third field, comes next. */
function statOf(proc: ProcFs, pid: number): string[] | null {
  const stat = proc.read(`${pid}/stat`)
  return stat.known ? stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ') : null
}

/** include/linux/sched.h */
const PF_KTHREAD = 0x200000

/** Whether it is a thread of the kernel, which has no descriptors. */
export function isKernelThread(proc: ProcFs, pid: number): boolean {
  return ((Number(statOf(proc, pid)?.[6]) || 0) & PF_KTHREAD) !== 0
}

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const CLOCK_TICKS = 100

function ageOf(proc: ProcFs, pid: number): number | null {
  const [stat, uptime] = [statOf(proc, pid), proc.read('uptime')]
  if (stat === null || !uptime.known) return null
  const age = Number.parseFloat(uptime.value) - Number(stat[19]) / CLOCK_TICKS
  return Number.isFinite(age) && age >= 0 ? Math.round(age * 1_000) : null
}
