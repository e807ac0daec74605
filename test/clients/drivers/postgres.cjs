'use strict'

function settings({ host, port, tls, ca }) {
  return { host, port, user: 'story', database: 'postgres', ssl: tls && { ca } }
}

function client(options = {}) {
  return {
    package: 'pg',
    server: 'postgres',
    async open(target) {
      const { Client } = require('pg')
      const client = new Client({ ...settings(target), ...options })
      await client.connect()
      return { wait: (seconds) => client.query('select pg_sleep($1)', [seconds]) }
    },
  }
}

exports.clients = {
  'pg-client': client(),
  'pg-keepAlive-true': client({ keepAlive: true }),

  'pg-pool': {
    package: 'pg',
    server: 'postgres',
    async open(target) {
      const { Pool } = require('pg')
      const pool = new Pool(settings(target))
      return { wait: (seconds) => pool.query('select pg_sleep($1)', [seconds]) }
    },
  },

  'knex-pg': {
    package: 'knex',
    server: 'postgres',
    async open(target) {
      const knex = require('knex')({ client: 'pg', connection: settings(target) })
      return { wait: (seconds) => knex.raw('select pg_sleep(?)', [seconds]) }
    },
  },

  'postgres.js': {
    package: 'postgres',
    server: 'postgres',
    async open(target) {
      const sql = require('postgres')({ ...settings(target), max: 1 })
      return { wait: (seconds) => sql`select pg_sleep(${seconds})` }
    },
  },
}
