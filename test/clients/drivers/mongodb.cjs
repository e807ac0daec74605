'use strict'

const mongodb = (name, options) => ({
  package: name,
  server: 'mongodb',
  async open({ host, port, tls }) {
    const { MongoClient } = require(name)
    const url = `mongodb://${host}:${port}/?directConnection=true&tls=${tls}`
    const client = new MongoClient(url, options)
    await client.connect()
    return { wait: (seconds) => client.db('test').collection('test').findOne({ seconds }) }
  },
})

exports.clients = {
  mongodb: mongodb('mongodb'),
  'mongodb7.0': mongodb('mongodb70'),
  mongodb6: mongodb('mongodb6'),
  'mongodb6.0': mongodb('mongodb60'),
  mongodb5: mongodb('mongodb5'),
  mongodb4: mongodb('mongodb4'),
  mongodb3: mongodb('mongodb3', { useUnifiedTopology: true }),
}
