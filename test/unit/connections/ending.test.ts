import type { Socket } from 'node:net'
import t from 'tap'
import {
  type End,
  endingOf,
  isTimeout,
  type Remains,
  timeoutPassed,
} from '../../../src/connections/ending'

/** As Node makes it where a read or write fails. */
function ofTheKernel(code: string, syscall = 'read'): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -104, syscall })
}

function coded(code: unknown): Error {
  return Object.assign(new Error('theirs'), { code })
}

t.test('how a socket ended', (t) => {
  const table: readonly [
    name: string,
    error: unknown,
    remains: Partial<Remains>,
    end: End | null,
    code?: string,
  ][] = [
    ['a reset', ofTheKernel('ECONNRESET'), { waits: true }, 'reset', 'ECONNRESET'],
    ['a reset of a pooled one', ofTheKernel('ECONNRESET'), {}, 'reset', 'ECONNRESET'],
    [
      'a reset after the FIN',
      ofTheKernel('ECONNRESET'),
      { peerEnded: true },
      'reset',
      'ECONNRESET',
    ],
    ['a reset at a write', ofTheKernel('ECONNRESET', 'write'), {}, 'reset', 'ECONNRESET'],
    ['a timeout of the kernel', ofTheKernel('ETIMEDOUT'), {}, 'timed-out', 'ETIMEDOUT'],
    ['a broken pipe', ofTheKernel('EPIPE', 'write'), {}, 'broken-pipe', 'EPIPE'],
    ['another error of the kernel', ofTheKernel('EBADF'), {}, null],
    ['a connect that timed out', ofTheKernel('ETIMEDOUT', 'connect'), {}, null],
    ['closed by the peer, nothing waited', null, { peerEnded: true }, null],
    ['closed by the peer', null, { peerEnded: true, waits: true }, 'hang-up'],
    [
      'closed by the peer, which undici wraps',
      coded('UND_ERR_SOCKET'),
      { peerEnded: true, waits: true },
      'hang-up',
      'UND_ERR_SOCKET',
    ],
    [
      'closed by the peer, then a timer',
      null,
      { peerEnded: true, waits: true, timedOut: true },
      'hang-up',
    ],
    ['closed by the program, nothing waited', null, {}, null],
    ['closed by the program', null, { waits: true }, 'aborted'],
    ['closed by a timer of the program, nothing waited', null, { timedOut: true }, null],
    ['closed by a timer of the program', null, { waits: true, timedOut: true }, 'given-up'],
    ['an abort', coded('ABORT_ERR'), { waits: true }, 'aborted', 'ABORT_ERR'],
    [
      'a reset of the program itself',
      coded('ECONNRESET'),
      { waits: true },
      'aborted',
      'ECONNRESET',
    ],
    ['a timeout of a client', coded('ETIMEDOUT'), { waits: true }, 'given-up', 'ETIMEDOUT'],
    ['a timeout of a pooled one', coded('ETIMEDOUT'), {}, null],
    ['an error without a code', new Error('theirs'), { waits: true }, 'aborted'],
    ['a code that is no string', coded(104), { waits: true }, 'aborted'],
    ['a code that is no code', coded('reset\nby me'), { waits: true }, 'aborted'],
    ['a long code', coded('E'.repeat(41)), { waits: true }, 'aborted'],
    ['a code of Object.prototype', ofTheKernel('toString'), {}, null],
    ['a thrown string', 'ECONNRESET', {}, null],
    ['undefined for an error', undefined, { waits: true }, 'aborted'],
  ]
  for (const [name, error, remains, end, code = null] of table) {
    const whole = { error, peerEnded: false, waits: false, timedOut: false, ...remains }
    t.strictSame(endingOf(whole), end === null ? null : { end, code }, name)
  }
  t.end()
})

t.test('the error of the program is only looked at', (t) => {
  const error = Object.freeze(ofTheKernel('ECONNRESET'))
  const remains = { error, peerEnded: false, waits: false, timedOut: false }
  t.same(endingOf(remains), { end: 'reset', code: 'ECONNRESET' })
  t.end()
})

t.test('which errors speak of a timeout', (t) => {
  const table: readonly [string, unknown, boolean][] = [
    ['of AbortSignal.timeout()', new DOMException('x', 'TimeoutError'), true],
    [
      'for that reason',
      Object.assign(new Error('aborted'), { cause: { name: 'TimeoutError' } }),
      true,
    ],
    ['of undici', coded('UND_ERR_HEADERS_TIMEOUT'), true],
    ['of request', coded('ESOCKETTIMEDOUT'), true],
    ['of axios', new Error('timeout of 1000ms exceeded'), true],
    ['in words', new Error('Query timed out'), true],
    ['in other words', new Error('Time-out.'), true],
    ['far into a text', new Error(`${'x'.repeat(200)} timeout`), false],
    ['an abort', new DOMException('aborted', 'AbortError'), false],
    ['too slow', new Error('too slow'), false],
    ['time outside', new Error('timeless outing'), false],
    ['nothing', null, false],
    ['a string', 'timeout', false],
  ]
  for (const [name, error, expected] of table) t.equal(isTimeout(error), expected, name)
  t.end()
})

t.test('a timeout of the socket has passed where nothing moved for so long', (t) => {
  const table: readonly [timeout: number | undefined, idleMs: number, boolean][] = [
    [undefined, 10_000, false],
    [0, 10_000, false],
    [1_000, 999, false],
    [1_000, 1_000, true],
  ]
  for (const [timeout, idleMs, expected] of table) {
    t.equal(timeoutPassed({ timeout } as Socket, idleMs), expected, `${timeout}, ${idleMs}`)
  }
  t.end()
})
