import client from './client.cjs'

const port = Number(process.env.PORT)

test('a connection is opened', async () => {
  expect(await client.ways.net(port, '/vitest/net')).toBe('answer')
  expect(await client.ways.http(port, '/vitest/http')).toBe('answer')
})

test('fake timers have the timers of the test, and no others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'Date'] })
  expect(await client.ways.net(port, '/vitest/fake/net')).toBe('answer')
  expect(vi.getTimerCount()).toBe(0)
  let rang = 0
  setTimeout(() => rang++, 3_600_000)
  vi.advanceTimersByTime(86_400_000)
  expect(rang).toBe(1)
  vi.useRealTimers()
})
