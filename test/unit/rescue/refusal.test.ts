import t from 'tap'
import { explainRefusal } from '../../../src/rescue/refusal'

const rights = {
  uid: 0,
  mayTrace: true,
  hidepid: 0,
  yama: 0,
  filtered: false,
  ownUsers: false,
}

const table: readonly [string, number | null, Partial<typeof rights>, RegExp, RegExp][] = [
  ['ENOSYS', 0, {}, /from 5\.6 on/, /newer kernel/],
  ['ESRCH', 0, {}, /has ended/, /that runs/],
  ['EMFILE', 0, {}, /EMFILE/, /defect/],
  ['EPERM', 33, { uid: 1000, mayTrace: false }, /belongs to uid 33/, /as uid 33, or as root/],
  ['EPERM', 0, { uid: 1000, mayTrace: false }, /belongs to uid 0/, /^Run this as root\.$/],
  ['EPERM', null, { uid: 1000, mayTrace: false }, /another user/, /as root/],
  [
    'EPERM',
    1000,
    { uid: 1000, mayTrace: false, yama: 1 },
    /ptrace_scope=1/,
    /as root: .*--profile=general/,
  ],
  ['EPERM', 0, { mayTrace: false, yama: 2 }, /ptrace_scope=2/, /with CAP_SYS_PTRACE/],
  ['EPERM', 0, { yama: 3 }, /ptrace_scope=3.*nobody/, /again with the hook/],
  ['EPERM', 33, { mayTrace: false }, /root without CAP_SYS_PTRACE/, /SYS_PTRACE/],
  ['EPERM', 1000, { uid: 1000, mayTrace: false }, /more rights than this user/, /SYS_PTRACE/],
  ['EPERM', 0, { filtered: true }, /seccomp/, /lets pidfd_getfd pass/],
  ['EACCES', 0, {}, /user namespace above/, /outside of the container/],
]

t.test('every refusal has its reason, and what to do next', (t) => {
  for (const [error, uid, more, why, action] of table) {
    t.match(explainRefusal(error, uid, { ...rights, ...more }), { why, action }, `${error} ${why}`)
  }
  t.end()
})
