import { join } from 'node:path'
import t from 'tap'
import { root, runNode } from '../run-node'
import { work } from './assert-work'
import { needFiles } from './need-files'

const python = '/usr/bin/python3'
const refuse = join(root, 'test/native-part/programs/refuse.py')

const armed = 'true,45,15,24,90000'
const noDump = 'the kernel gave no dump of its sockets (EPERM)'

/** What a kernel refuses that lets only some calls through, and what is left then. */
const table: readonly [string, Record<string, unknown>][] = [
  ['socket:4', { armed, dump: noDump, taken: true }],
  ['sendto', { armed, dump: noDump, taken: true }],
  ['recvfrom', { armed, dump: noDump, taken: true }],
  ['pidfd_open', { armed, taken: 'EPERM' }],
  ['pidfd_getfd', { armed, taken: 'EPERM' }],
  // SO_COOKIE, which older kernels and others have not.
  ['getsockopt:57', { armed, self: { cookie: 0 } }],
  // TCP_INFO
  ['getsockopt:11', { set: 0, armed: 'EPERM', after: 'EPERM' }],
  // SO_PROTOCOL: without it nothing is touched.
  ['getsockopt:38', { fresh: 'EPERM', set: -1, armed: 'EPERM', dump: noDump }],
  // TCP_KEEPIDLE and TCP_KEEPINTVL: what was written before stays.
  ['setsockopt:4', { set: -1, armed: 'true,7200,15,24,90000' }],
  ['setsockopt:5', { set: -1, armed: 'false,7200,75,24,0' }],
]

t.test('a kernel that refuses a call is a result, and nothing more', async (t) => {
  if (!needFiles(t, { [python]: 'python3' })) return
  for (const [calls, expected] of table) {
    const args = [refuse, calls, process.execPath, work]
    const { code, signal, stdout, stderr } = await runNode(args, { node: python })
    t.strictSame([code, signal, stderr], [0, null, ''], `${calls}: it goes on`)
    t.match(JSON.parse(stdout), { loaded: true, ...expected }, calls)
  }
})
