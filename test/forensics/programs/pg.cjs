'use strict'
const { Client } = require('pg')
const { goOn, idleMs, observe, rejected, see, sleep, target } = require('./observe.cjs')

async function main() {
  const client = observe('client', new Client({ ...target, user: 'story', database: 'postgres' }))
  await client.connect()
  await client.query('SELECT pg_sleep($1)', [0])
  await sleep(idleMs)
  see('asks')
  await client.query('SELECT pg_sleep($1)', [0]).catch(rejected('query'))
  await goOn()
}

main()
