const { ways } = require('./client.cjs')

const port = Number(process.env.PORT)

/** Declares the tests of one file; jest runs each file in a world of its own. */
exports.declare = (name) => {
  test('a connection is opened', async () => {
    expect(await ways.net(port, `/${name}/net`)).toBe('answer')
    expect(await ways.http(port, `/${name}/http`)).toBe('answer')
  })

  test('fake timers have the timers of the test, and no others', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
    expect(await ways.net(port, `/${name}/fake/net`)).toBe('answer')
    expect(jest.getTimerCount()).toBe(0)
    let rang = 0
    setTimeout(() => rang++, 3_600_000)
    jest.advanceTimersByTime(86_400_000)
    expect(rang).toBe(1)
    expect(jest.getTimerCount()).toBe(0)
    jest.useRealTimers()
  })
}
