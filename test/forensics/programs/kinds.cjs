'use strict'
// Waits on a connection of each kind: for the answer to a request, or, in pools, for the next use. PORTS
// are those of servers/kinds.cjs; ABORT_MS is when the program itself ends what it waits for.
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')
const { observe, rejected, see, sleep } = require('./observe.cjs')

const ports = JSON.parse(process.env.PORTS)
const abortMs = Number(process.env.ABORT_MS ?? 0)
const host = '127.0.0.1'
const path = '/wait'
const rejectUnauthorized = false
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve))

/** Each returns what aborts it. */
const kinds = {
  http(port) {
    const request = observe('http', http.get({ port, host, path, agent: false }))
    return () => request.destroy()
  },
  https(port) {
    const options = { port, host, path, agent: false, rejectUnauthorized }
    const request = observe('https', https.get(options))
    return () => request.destroy(new Error('not needed any more'))
  },
  fetch(port) {
    const controller = new AbortController()
    const { signal } = controller
    fetch(`http://${host}:${port}${path}`, { signal }).catch(rejected('fetch'))
    return () => controller.abort()
  },
  http2(port) {
    const session = observe('http2', http2.connect(`http://${host}:${port}`))
    observe('http2 stream', session.request({ ':path': path }))
    return () => session.destroy()
  },
  h2s(port) {
    const session = observe('h2s', http2.connect(`https://${host}:${port}`, { rejectUnauthorized }))
    observe('h2s stream', session.request({ ':path': path }))
    return () => session.destroy()
  },
  async tunnel(port) {
    const connect = http.request({
      port,
      host,
      method: 'CONNECT',
      path: 'api.test:443',
      agent: false,
    })
    connect.end()
    const socket = await new Promise((resolve) =>
      connect.on('connect', (_, below) => resolve(below)),
    )
    observe('tunnel below', socket)
    const agent = new https.Agent({ keepAlive: true })
    agent.createConnection = () => tls.connect({ socket, rejectUnauthorized })
    const request = observe('tunnel', https.get({ host: 'api.test', path, agent }))
    return () => request.destroy()
  },
  async ws(port) {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' }
    const request = http.get({ port, host, path: '/ws', agent: false, headers })
    const socket = await new Promise((resolve) => request.on('upgrade', (_, own) => resolve(own)))
    observe('ws', socket).resume()
    return () => socket.destroy()
  },
  async pg(port) {
    const { Pool } = require('pg')
    const user = { user: 'u', password: 'p', database: 'd' }
    const ssl = { rejectUnauthorized }
    const pool = observe('pg', new Pool({ port, host, ...user, ssl, idleTimeoutMillis: 0 }))
    const client = await pool.connect()
    client.release()
    return () => pool.end()
  },
  async db(port) {
    const socket = observe('db', net.connect(port, host))
    socket.write('first')
    await once(socket.resume(), 'data')
    // A look of the auditor lies between the answer and the next question.
    await sleep(1_500)
    socket.write('second')
    return () => socket.destroy()
  },
}

async function main() {
  const aborts = Object.entries(kinds).map(([kind, open]) => open(ports[kind]))
  const all = await Promise.all(aborts)
  see('waits')
  if (abortMs > 0) {
    await sleep(abortMs)
    for (const abort of all) abort()
  }
  await new Promise((resolve) => process.stdin.resume().on('end', resolve))
  process.exit()
}

main()
