import type { ProcFs } from '../../kernel/proc-fs'
import type { OutsideAuditor } from '../../outside/outside-auditor'
import { aboutProcess, nameOf } from '../../outside/process-about'
import { quoted } from '../../process/printable'

/** The processes that were asked for; null: all. A text: a sentence that says why there are none. */
export function targets(
  names: readonly string[],
  proc: ProcFs,
  auditor: OutsideAuditor,
): readonly number[] | null | string {
  if (process.platform !== 'linux') {
    return `Only Linux tells of connections, and this is ${process.platform}.`
  }
  if (names.length === 0) return null
  const found = new Set<number>()
  for (const name of names) {
    const pids = /^\d+$/.test(name) ? byNumber(name, auditor) : byName(name, proc, auditor)
    if (typeof pids === 'string') return pids
    for (const pid of pids) found.add(pid)
  }
  return [...found]
}

function byNumber(text: string, auditor: OutsideAuditor): number[] | string {
  const pid = Number(text)
  return pid > 0 && pid < 2 ** 31 && auditor.exists(pid)
    ? [pid]
    : `There is no process ${text}, or this user may not see it.`
}

/** By the name of the program, of its script, or the short one that `ps -e` shows. */
function byName(name: string, proc: ProcFs, auditor: OutsideAuditor): number[] | string {
  const all = auditor.pids()
  if (!all.known) return `The processes cannot be listed: ${all.why}.`
  const found = all.value.filter((pid) => {
    if (pid === process.pid) return false
    if (nameOf(proc, pid) === name) return true
    const { command } = aboutProcess(proc, pid)
    const [program, ...script] = command.split(' ')
    return program === name || script.join(' ').split('/').at(-1) === name
  })
  return found.length > 0
    ? found
    : `No process is called ${quoted(name)}, as far as this user can see.`
}
