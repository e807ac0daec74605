const assert = require('node:assert')
const { test, mock } = require('node:test')
const { ways } = require('./client.cjs')

const port = Number(process.env.PORT)

test('a connection is opened', async () => {
  assert.equal(await ways.net(port, '/node/net'), 'answer')
  assert.equal(await ways.http(port, '/node/http'), 'answer')
})

test('fake timers', { skip: !mock.timers }, async () => {
  mock.timers.enable()
  assert.equal(await ways.net(port, '/node/fake/net'), 'answer')
  let rang = 0
  setTimeout(() => rang++, 3_600_000)
  mock.timers.tick(86_400_000)
  assert.equal(rang, 1)
  mock.timers.reset()
})
