import { once } from 'node:events'
import net from 'node:net'
import t, { type Test } from 'tap'
import { serve } from '../../../src/exporter/server'

async function start(t: Test, scrape = async () => 'a_metric 1\n') {
  const server = await serve({ contentType: 'text/plain; version=0.0.4', scrape }, '127.0.0.1', 0)
  t.teardown(() => server.close())
  return { ...server, port: Number(new URL(server.origin).port) }
}

t.test('what is asked for', async (t) => {
  const { origin } = await start(t)
  const table: readonly [string, string, number, RegExp][] = [
    ['GET', '/metrics', 200, /^a_metric 1\n$/],
    ['GET', '/metrics?x=1', 200, /^a_metric/],
    ['HEAD', '/metrics', 200, /^$/],
    ['GET', '/healthz', 200, /^ok\n$/],
    ['GET', '/', 200, /\/metrics/],
    ['GET', '/etc/passwd', 404, /nothing/],
    ['POST', '/metrics', 405, /GET/],
  ]
  for (const [method, path, status, text] of table) {
    const response = await fetch(origin + path, { method })
    t.equal(response.status, status, `${method} ${path}`)
    t.match(await response.text(), text)
  }
  const { headers } = await fetch(`${origin}/metrics`)
  t.equal(headers.get('content-type'), 'text/plain; version=0.0.4')
})

t.test('scrapes that come together are one look, and a failure is no end', async (t) => {
  let looks = 0
  const { origin } = await start(t, async () => {
    if (++looks === 1) throw new Error('not now')
    return `looks ${looks}\n`
  })
  const both = await Promise.all([fetch(`${origin}/metrics`), fetch(`${origin}/metrics`)])
  t.strictSame(
    both.map(({ status }) => status),
    [500, 500],
  )
  t.equal(looks, 1)
  await new Promise((done) => setTimeout(done, 600))
  t.equal(await (await fetch(`${origin}/metrics`)).text(), 'looks 2\n')
})

t.test(
  'what is no request is answered and closed, and half a request holds nothing up',
  async (t) => {
    const { origin, port } = await start(t)
    for (const text of ['nonsense\r\n\r\n', '\x16\x03\x01\x02\x00', 'GET / HTTP/9.9\r\n\r\n']) {
      const socket = net.connect(port, '127.0.0.1')
      socket.write(text)
      let said = ''
      socket.setEncoding('utf8').on('data', (chunk) => (said += chunk))
      await once(socket, 'close')
      t.match(said, /^HTTP\/1\.1 (400|505)/)
    }
    const slow = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'))
    for (const socket of slow) socket.on('error', () => {}).write('GET /metrics HT')
    t.equal((await fetch(`${origin}/healthz`)).status, 200)
    for (const socket of slow) socket.destroy()
  },
)

t.test('who does not read delays nobody', async (t) => {
  const { origin, port } = await start(t, async () => 'x'.repeat(5e6))
  const deaf = net.connect(port, '127.0.0.1').on('error', () => {})
  deaf.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  await once(deaf, 'connect')
  t.equal((await (await fetch(`${origin}/metrics`)).text()).length, 5e6)
  deaf.destroy()
})

t.test('a port that is taken is told', async (t) => {
  const { port } = await start(t)
  const scrape = { contentType: '', scrape: async () => '' }
  await t.rejects(serve(scrape, '127.0.0.1', port), { code: 'EADDRINUSE' })
})
