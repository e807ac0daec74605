import { channel } from 'node:diagnostics_channel'
import t from 'tap'
import type { Endpoint } from '../../../src/connections/endpoint'
import { followLateConnects } from '../../../src/connections/late-connect'

const create = channel('undici:request:create')

/** What is told of while `publish` runs. */
function told(publish: () => void): Endpoint[] {
  const endpoints: Endpoint[] = []
  const unfollow = followLateConnects((endpoint) => endpoints.push(endpoint))
  publish()
  unfollow()
  create.publish({ request: { origin: 'http://late.test', body: (async function* () {})() } })
  return endpoints
}

const request = (origin: unknown, body: unknown) => create.publish({ request: { origin, body } })

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
    const body = (async function* () {})()
    t.strictSame(
      told(() => request(origin, body)),
      [endpoint],
      origin,
    )
  }
  const twice = told(() => {
    request('http://twice.test', new FormData())
    request('http://twice.test', new FormData())
  })
  t.equal(twice.length, 2)
  t.equal(twice[0], twice[1])
  t.end()
})

t.test('the others connect at once', (t) => {
  const bodies = [undefined, null, 'text', Buffer.from('text'), new Uint8Array(4)]
  t.same(
    told(() => {
      for (const body of bodies) request('http://a.test', body)
    }),
    [],
  )
  t.end()
})

t.test('whatever is published there, nothing is thrown', (t) => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  const body = new FormData()
  const endpoints = told(() => {
    for (const message of [undefined, null, 1, 'x', {}, { request: null }, { request: { body } }]) {
      create.publish(message)
    }
    for (const origin of [null, 7, {}, 'no URL', 'mailto:x', new URL('http://a.test')]) {
      request(origin, body)
    }
    create.publish({
      get request() {
        throw new Error('the program’s own')
      },
    })
  })
  t.same(endpoints, [])
  setImmediate(() => {
    process.removeListener('uncaughtException', note)
    t.same(uncaught, [])
    t.end()
  })
})

t.test('what follows may throw', (t) => {
  const unfollow = followLateConnects(() => {
    throw new Error('ours')
  })
  process.once('uncaughtException', t.fail)
  request('http://a.test', new FormData())
  setImmediate(() => {
    process.removeListener('uncaughtException', t.fail)
    unfollow()
    t.end()
  })
})

t.test('the stack of a request begins below the wrapper', (t) => {
  let stack = ''
  const unfollow = followLateConnects((_endpoint, wrapper) => {
    const trace: { stack?: string } = {}
    Error.captureStackTrace(trace, wrapper as () => void)
    stack = trace.stack ?? ''
  })
  request('http://a.test', new FormData())
  unfollow()
  const [, first, second] = stack.split('\n')
  t.match(first, /publish .*diagnostics_channel/)
  t.match(second, /at request .*late-connect\.test\.ts/)
  t.end()
})
