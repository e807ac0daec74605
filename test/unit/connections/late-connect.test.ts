import t from 'tap'
import type { Endpoint } from '../../../src/connections/endpoint'
import { lateConnectOf } from '../../../src/connections/late-connect'

const request = (origin: unknown, body: unknown) => lateConnectOf({ request: { origin, body } })

t.test('requests with a body of no known length, and where they go', (t) => {
  const table: readonly [string, Endpoint][] = [
    ['http://a.test', { host: 'a.test', port: 80 }],
    ['https://a.test', { host: 'a.test', port: 443 }],
    ['https://a.test:8443', { host: 'a.test', port: 8443 }],
    ['http://127.0.0.1:81', { host: '127.0.0.1', port: 81 }],
    ['http://[::1]:82', { host: '::1', port: 82 }],
    ['http://[::1]', { host: '::1', port: 80 }],
  ]
  for (const [origin, endpoint] of table) {
    t.strictSame(request(origin, (async function* () {})()), endpoint, origin)
  }
  const [first, second] = [1, 2].map(() => request('http://twice.test', new FormData()))
  t.ok(first)
  t.equal(first, second)
  t.end()
})

t.test('the others connect at once', (t) => {
  const bodies = [undefined, null, 'text', Buffer.from('text'), new Uint8Array(4)]
  for (const body of bodies) t.equal(request('http://a.test', body), null)
  t.end()
})

t.test('an origin that nothing connects to is none', (t) => {
  for (const origin of [null, 7, {}, 'mailto:x', new URL('http://a.test')]) {
    t.equal(request(origin, new FormData()), null)
  }
  t.end()
})
