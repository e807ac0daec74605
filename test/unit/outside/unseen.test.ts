import t from 'tap'
import { groupUnseen, type UnseenProcess } from '../../../src/outside/unseen'

const rights = {
  uid: 1000,
  mayTrace: false,
  hidepid: 0,
  yama: 0,
  filtered: false,
  ownUsers: false,
}
const one = (pid: number, uid: number | null): UnseenProcess => ({ pid, name: 'x', uid, why: 'no' })

t.test('each reason has its count, and what to do next', (t) => {
  t.strictSame(groupUnseen([], rights, 0), [])
  t.match(groupUnseen([one(1, 0), one(2, 0)], rights, 0), [
    { reason: 'other-user', count: 2, why: /uid 0/, action: 'Run this as root.' },
  ])
  t.match(groupUnseen([one(1, 33)], rights, 0), [{ action: 'Run this as uid 33, or as root.' }])
  t.match(groupUnseen([one(1, 1000), one(2, 33)], rights, 0), [
    { reason: 'other-user', count: 1 },
    { reason: 'no-ptrace', count: 1, action: /--profile=general.*--cap-add=SYS_PTRACE/ },
  ])
  const root = { ...rights, uid: 0 }
  t.match(groupUnseen([one(1, 33), one(2, 0)], root, 0), [
    { reason: 'no-ptrace', count: 2, why: /root without CAP_SYS_PTRACE/ },
  ])
  t.match(groupUnseen([one(1, 33)], { ...root, mayTrace: true }, 0), [{ reason: 'refused' }])
  t.match(groupUnseen([], { ...rights, hidepid: 2 }, 3), [
    { reason: 'hidden', count: null, why: /hidepid=2/, action: /root/ },
  ])
  t.strictSame(groupUnseen([], { ...root, hidepid: 2 }, 0), [], 'which hides nothing from root')
  t.match(groupUnseen([], root, 3), [
    { reason: 'elsewhere', count: null, why: /^3 connections/, action: /--target=CONTAINER/ },
  ])
  const many = Array.from({ length: 100 }, (_, pid) => one(pid + 1, 0))
  t.match(groupUnseen(many, rights, 0), [{ count: 100, processes: { length: 5 } }])
  t.end()
})
