import type { ProcFs } from './proc-fs'

/** Tells the children of a process which network namespace has been warned about. */
const TOLD = '_NAT_KEEPALIVE_TOLD_NETNS'

/** Whether this process tree was warned about the kernel's values of its network namespace. */
export function wasTold(proc: ProcFs, env: NodeJS.ProcessEnv): boolean {
  return env[TOLD] !== undefined && env[TOLD] === namespaceOf(proc)
}

export function markTold(proc: ProcFs, env: NodeJS.ProcessEnv): void {
  env[TOLD] = namespaceOf(proc)
}

function namespaceOf(proc: ProcFs): string {
  const link = proc.link('self/ns/net')
  return link.known ? link.value : 'unknown'
}
