import t from 'tap'
import { timerOfError } from '../../../src/connections/client-timer'

function coded(code: unknown): Error {
  return Object.assign(new Error('theirs'), { code })
}

t.test('which timer an error speaks of', (t) => {
  const table: readonly [name: string, error: unknown, expected: string][] = [
    ['headersTimeout', coded('UND_ERR_HEADERS_TIMEOUT'), 'headers'],
    ['bodyTimeout', coded('UND_ERR_BODY_TIMEOUT'), 'body'],
    ['AbortSignal.timeout()', new DOMException('x', 'TimeoutError'), 'signal'],
    [
      'an abort for that reason',
      Object.assign(new Error('aborted'), { cause: new DOMException('x', 'TimeoutError') }),
      'signal',
    ],
    ['a timeout of a socket', coded('ESOCKETTIMEDOUT'), 'socket'],
    ['a code that is no code', coded('constructor'), 'other'],
    ['words', new Error('Query timed out'), 'other'],
    ['nothing', null, 'other'],
    [
      'an error that throws',
      Object.defineProperty({}, 'code', {
        get() {
          throw new Error('theirs')
        },
      }),
      'other',
    ],
  ]
  for (const [name, error, expected] of table) t.equal(timerOfError(error), expected, name)
  t.end()
})
