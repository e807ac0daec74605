'use strict'
const { Client } = require('pg')
const { tell } = require('./outcome.cjs')

tell(async ({ host, port }) => {
  const client = new Client({ host, port, user: 'story', database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  return async (waitMs) => {
    await client.query('SELECT pg_sleep($1)', [waitMs / 1000])
    return client.connection.stream.localPort
  }
})
