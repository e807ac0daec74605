'use strict'

// Nothing is ever in this list.
const LIST = 'nothing'

const ioredis = (name) => ({
  package: name,
  server: 'redis',
  async open({ host, port, tls, ca }) {
    const Redis = require(name)
    const redis = new Redis({ host, port, ...(tls && { tls: { ca } }) })
    return { wait: (seconds) => redis.blpop(LIST, seconds) }
  },
})

const redis = (name) => ({
  package: name,
  server: 'redis',
  async open({ host, port, tls, ca }) {
    const { createClient } = require(name)
    const client = createClient({ socket: { host, port, ...(tls && { tls, ca }) } })
    client.on('error', () => {})
    await client.connect()
    return { wait: (seconds) => client.blPop(LIST, seconds) }
  },
})

exports.clients = {
  ioredis: ioredis('ioredis'),
  ioredis5: ioredis('ioredis5'),
  ioredis4: ioredis('ioredis4'),
  redis: redis('redis'),
  redis5: redis('redis5'),
  redis4: redis('redis4'),

  redis3: {
    package: 'redis3',
    server: 'redis',
    async open({ host, port, tls, ca }) {
      const { createClient } = require('redis3')
      const client = createClient({ host, port, ...(tls && { tls: { ca, servername: host } }) })
      client.on('error', () => {})
      return {
        wait: (seconds) =>
          new Promise((done, fail) => {
            client.blpop(LIST, seconds, (error) => (error ? fail(error) : done()))
          }),
      }
    },
  },
}
