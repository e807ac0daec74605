import type { OwnRights } from './own-rights'

/** A process that could not be looked into. */
export interface UnseenProcess {
  readonly pid: number
  readonly name: string
  readonly uid: number | null
  /** What the system said. */
  readonly why: string
}

/** Processes that could not be looked into for one reason. */
export interface UnseenGroup {
  readonly reason: 'other-user' | 'no-ptrace' | 'refused' | 'hidden' | 'elsewhere'
  /** Null: it cannot be known how many. */
  readonly count: number | null
  /** The first of them. */
  readonly processes: readonly UnseenProcess[]
  /** A sentence. */
  readonly why: string
  /** What to do next, a sentence. */
  readonly action: string
}

/** How the right is spelled where it is given. */
export const GIVE_PTRACE =
  '`kubectl debug -it POD --image=IMAGE --target=CONTAINER --profile=general`, or `docker run --cap-add=SYS_PTRACE --pid=container:NAME --network=container:NAME`'

/** So many are named. */
const NAMED = 5

/** Sorts them by reason, each with what to do next. Pure. */
export function groupUnseen(
  processes: readonly UnseenProcess[],
  rights: OwnRights,
  unowned: number,
): UnseenGroup[] {
  const groups: UnseenGroup[] = []
  const add = (
    reason: UnseenGroup['reason'],
    these: readonly UnseenProcess[],
    words: (subject: string) => { why: string; action: string },
  ) => {
    if (these.length === 0) return
    const subject = these.length === 1 ? '1 process' : `${these.length} processes`
    const { why, action } = words(subject)
    groups.push({ reason, count: these.length, processes: these.slice(0, NAMED), why, action })
  }
  const own = ({ uid }: UnseenProcess) => rights.uid === 0 || (uid !== null && uid === rights.uid)
  const others = processes.filter((one) => !own(one))
  const theirs = processes.filter(own)
  const uids = [...new Set(others.map(({ uid }) => (uid === null ? '?' : `${uid}`)))].slice(0, 3)
  add('other-user', others, (subject) => ({
    why: `${subject} of another user (uid ${uids.join(', ')}) could not be looked into.`,
    action:
      uids.length === 1 && uids[0] !== '?' && uids[0] !== '0'
        ? `Run this as uid ${uids[0]}, or as root.`
        : 'Run this as root.',
  }))
  add(rights.mayTrace ? 'refused' : 'no-ptrace', theirs, (subject) =>
    rights.mayTrace
      ? {
          why: `${subject} could not be looked into, although this user has CAP_SYS_PTRACE: a user namespace above this one, or a security module, does not allow it.`,
          action: 'Run this as root of the machine, outside of the container.',
        }
      : {
          why: `${subject} could not be looked into: ${rights.uid === 0 ? 'this is root without CAP_SYS_PTRACE' : 'it takes CAP_SYS_PTRACE to look into a process that has more rights'}.`,
          action: `Start this with CAP_SYS_PTRACE: ${GIVE_PTRACE}.`,
        },
  )
  if (rights.hidepid > 0 && rights.uid !== 0) {
    groups.push({
      reason: 'hidden',
      count: null,
      processes: [],
      why: `/proc is mounted with hidepid=${rights.hidepid}, which hides the processes of other users; how many there are is not known.`,
      action: 'Run this as root, or as the user of the program.',
    })
  }
  if (unowned > 0 && processes.length === 0 && (rights.hidepid === 0 || rights.uid === 0)) {
    groups.push({
      reason: 'elsewhere',
      count: null,
      processes: [],
      why: `${unowned === 1 ? '1 connection' : `${unowned} connections`} of this network namespace belong to no process that is seen here: to another container, as of the same pod, or to the kernel.`,
      action: `Look from where their processes are seen: ${GIVE_PTRACE}.`,
    })
  }
  return groups
}
