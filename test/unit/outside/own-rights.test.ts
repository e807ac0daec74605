import t, { type Test } from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { hasBit, readOwnRights } from '../../../src/outside/own-rights'

function rights(t: Test, files: { status?: string; mounts?: string; yama?: string; map?: string }) {
  const { status = '', mounts = '', yama, map = '         0          0 4294967295\n' } = files
  const folder = t.testdir({
    self: { status, mounts, uid_map: map },
    sys: { kernel: yama === undefined ? {} : { yama: { ptrace_scope: yama } } },
  })
  return readOwnRights(createProcFs(folder, 'linux'))
}

t.test('the rights of this process', (t) => {
  const all = 'CapEff:\t000001ffffffffff\nUid:\t0\t0\t0\t0\nSeccomp:\t0\n'
  t.match(rights(t, { status: all }), { uid: 0, mayTrace: true, filtered: false, ownUsers: false })
  // What Docker leaves to root.
  const docker = 'Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n'
  t.match(rights(t, { status: docker }), { uid: 0, mayTrace: false, filtered: true })
  t.match(rights(t, { status: 'Uid:\t1000\t1001\t1000\t1000\n' }), { uid: 1001, mayTrace: false })
  t.match(rights(t, {}), { uid: null, mayTrace: false, hidepid: 0, yama: 0 })
  t.match(rights(t, { map: '0 1000 1\n' }), { ownUsers: true })
  t.match(rights(t, { yama: '1\n' }), { yama: 1 })
  t.end()
})

t.test('how proc is mounted', (t) => {
  const table: readonly [options: string, hidepid: number][] = [
    ['rw,nosuid', 0],
    ['rw,hidepid=1', 1],
    ['rw,gid=3,hidepid=2,x', 2],
    ['hidepid=invisible', 2],
    ['hidepid=ptraceable', 4],
  ]
  for (const [options, hidepid] of table) {
    const mounts = `tmpfs /dev tmpfs hidepid=9 0 0\nproc /proc proc rw,hidepid=1 0 0\nproc /proc proc ${options} 0 0\n`
    t.match(rights(t, { mounts }), { hidepid }, options)
  }
  t.end()
})

t.test('a bit of a mask', (t) => {
  t.equal(hasBit('0000000000080000', 19), true)
  t.equal(hasBit('fffffffffff7ffff', 19), false)
  t.equal(hasBit(undefined, 19), false)
  t.equal(hasBit('x', 0), false)
  t.end()
})
