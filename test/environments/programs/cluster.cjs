'use strict'
// Two workers serve one port. Each of them asks the server, and then the primary asks the workers.
const cluster = require('node:cluster')
const http = require('node:http')
const { once } = require('node:events')
const { main, ways } = require('./client.cjs')

const port = Number(process.argv[2])

async function primary() {
  if (process.argv[3] === 'execArgv') cluster.setupPrimary({ execArgv: ['--no-warnings'] })
  for (const id of [1, 2]) {
    const worker = cluster.fork({ ID: String(id) })
    const [{ own }] = await once(worker, 'message')
    console.log(`worker ${id} asked`)
    console.log(`worker ${id} answers`, await ways.http(own, '/'))
    worker.disconnect()
    const [code] = await once(worker, 'exit')
    console.log(`worker ${id} exit`, code)
  }
  await main(port, 'primary', ['net', 'http'])
}

async function worker() {
  await main(port, `worker${process.env.ID}`, ['net', 'http'])
  const server = http.createServer((_, response) => {
    response.setHeader('connection', 'close').end(`from worker ${process.env.ID}`)
  })
  server.listen(0, '127.0.0.1', () => process.send({ own: server.address().port }))
}

if (cluster.isPrimary) primary()
else worker()
