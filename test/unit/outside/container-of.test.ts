import t from 'tap'
import { containerOf } from '../../../src/outside/container-of'

const id = '0123456789abcdef'.repeat(4)
const cut = '0123456789ab'
const uid = '8f7e6d5c-1234-4321-abcd-0123456789ab'

const table: readonly [cgroup: string, expected: unknown][] = [
  ['0::/\n', null],
  ['0::/user.slice/user-1000.slice/session-1.scope\n', null],
  ['', null],
  ['nonsense', null],
  [`0::/system.slice/docker-${id}.scope\n`, { id: cut, runtime: 'docker', podUid: null }],
  [`12:pids:/docker/${id}\n0::/docker/${id}\n`, { id: cut, runtime: 'docker', podUid: null }],
  [
    `0::/machine.slice/libpod-${id}.scope/container\n`,
    { id: cut, runtime: 'podman', podUid: null },
  ],
  [
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope\n`,
    { id: cut, runtime: 'containerd', podUid: uid },
  ],
  [
    `1:name=systemd:/kubepods/besteffort/pod${uid}/${id}\n`,
    { id: cut, runtime: null, podUid: uid },
  ],
  [`0::/kubepods.slice/crio-${id}.scope\n`, { id: cut, runtime: 'cri-o', podUid: null }],
  [`0::/docker-${id}0.scope\n`, null],
]

t.test('the container by the cgroup', (t) => {
  for (const [cgroup, expected] of table) t.strictSame(containerOf(cgroup), expected, cgroup)
  t.end()
})
