const t = require('tap')
const { ways } = require('./client.cjs')

const port = Number(process.env.PORT)

t.test('a connection is opened', async (t) => {
  t.equal(await ways.net(port, '/tap/net'), 'answer')
  t.equal(await ways.http(port, '/tap/http'), 'answer')
})
