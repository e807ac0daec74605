import { join } from 'node:path'
import type { Test } from 'tap'
import { type NodeRun, root } from '../run-node'

/** The program that does all that the native part can do. */
export const work = join(root, 'test/native-part/programs/work.cjs')

interface Identity {
  localPort: number
  remotePort: number
  cookie: number
}

interface Work {
  self: Identity
  dump: Identity | string
  [name: string]: unknown
}

/**
 * Fails unless each line that `work` printed says that everything worked, `times` of them. An
 * emulator of user programs has no netlink socket of this kind, and no cookies.
 */
export function assertWork(t: Test, run: NodeRun, times: number, emulated = false): void {
  t.strictSame([run.code, run.signal, run.stderr], [0, null, ''], 'it runs, and says nothing else')
  const lines = run.stdout.trimEnd().split('\n')
  t.equal(lines.length, times)
  for (const [index, line] of lines.entries()) {
    const { self, dump, taken, ...rest } = JSON.parse(line) as Work
    const again = times > 1 && index === times - 1
    t.strictSame(rest, {
      loaded: true,
      fresh: again ? 'false,45,15,9,0' : 'false,7200,75,9,0',
      set: 0,
      armed: 'true,45,15,24,90000',
      kept: 0,
      after: 'true,45,15,9,90000',
      off: 0,
      disarmed: 'false,45,15,9,0',
      listening: 'listen',
      refused: 'EINVAL EBADF EINVAL EINVAL EPROTONOSUPPORT EPROTONOSUPPORT EBADF'.split(' '),
    })
    const { localPort, remotePort, cookie, ...here } = self
    const local = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1', state: 'established' }
    t.strictSame(here, local)
    t.ok(localPort > 0 && remotePort > 0 && localPort !== remotePort)
    if (emulated) t.match(dump, /^the kernel gave no dump of its sockets/)
    else t.strictSame(dump, { ...self, timer: 'keepalive' }, 'the dump says the same')
    t.equal(cookie === 0, emulated, 'there is a cookie')
    // Only the main thread takes a descriptor.
    t.equal(taken, index === 1 ? undefined : true, 'a duplicate is the same socket')
  }
}
