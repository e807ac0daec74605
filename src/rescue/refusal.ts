import type { OwnRights } from '../outside/own-rights'
import { GIVE_PTRACE } from '../outside/unseen'

/** Why the descriptors of a process cannot be duplicated, and what to do next: a sentence each. */
export interface Refusal {
  readonly why: string
  readonly action: string
}

/** What pidfd_getfd(2) asks is PTRACE_MODE_ATTACH_REALCREDS of ptrace(2). Pure. */
export function explainRefusal(error: string, uid: number | null, rights: OwnRights): Refusal {
  const said = `its descriptors may not be duplicated (${error})`
  if (error === 'ENOSYS') {
    return {
      why: 'this kernel cannot duplicate descriptors of others, as Linux can from 5.6 on',
      action: 'Use a newer kernel, or start the program again with the hook.',
    }
  }
  if (error === 'ESRCH') return { why: 'it has ended', action: 'Name one that runs.' }
  if (error !== 'EPERM' && error !== 'EACCES') {
    return { why: said, action: 'Please report this as a defect of nat-keepalive.' }
  }
  if (rights.uid !== 0 && uid !== rights.uid) {
    return {
      why: `${said}: it belongs to ${uid === null ? 'another user' : `uid ${uid}`}`,
      action:
        uid === null || uid === 0 ? 'Run this as root.' : `Run this as uid ${uid}, or as root.`,
    }
  }
  if (rights.yama > 0 && !rights.mayTrace) {
    return {
      why: `${said}: Yama (kernel.yama.ptrace_scope=${rights.yama}) lets no process trace another that it did not start`,
      action: `Run this as root${rights.uid === 0 ? ' with CAP_SYS_PTRACE' : ''}: ${GIVE_PTRACE}.`,
    }
  }
  if (rights.yama > 2) {
    return {
      why: `${said}: Yama (kernel.yama.ptrace_scope=${rights.yama}) lets nobody trace`,
      action: 'Start the program again with the hook: that is not lifted before the next boot.',
    }
  }
  if (!rights.mayTrace) {
    return {
      why: `${said}: ${rights.uid === 0 ? 'this is root without CAP_SYS_PTRACE' : 'it has more rights than this user, who lacks CAP_SYS_PTRACE'}`,
      action: `Start this with CAP_SYS_PTRACE: ${GIVE_PTRACE}.`,
    }
  }
  if (rights.filtered) {
    return {
      why: `${said}: a seccomp filter is on this process, and it may be what refuses`,
      action: `Run this on the machine itself, or with a filter that lets pidfd_getfd pass: ${GIVE_PTRACE}.`,
    }
  }
  return {
    why: `${said}, although this user has CAP_SYS_PTRACE: a user namespace above this one, or a security module, does not allow it`,
    action: 'Run this as root of the machine, outside of the container.',
  }
}
