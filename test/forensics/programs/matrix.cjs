'use strict'
// A client of each kind: one exchange that is answered, and then, IDLE_MS later, one that is not. HOW says
// what else becomes of it: `timer` and `abort` end it after END_MS, `freeze` lets the process stand still meanwhile.
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const tls = require('node:tls')
const { see, sleep } = require('./observe.cjs')

const { PORTS, TARGET_HOST: host, HOW } = process.env
const ports = JSON.parse(PORTS)
const [idleMs, endMs, lastMs] = ['IDLE_MS', 'END_MS', 'LAST_MS'].map((key) =>
  Number(process.env[key]),
)
const rejectUnauthorized = false
const none = () => {}
/** By default the agent itself sends a probe each second. */
const keepAlive = { keepAlive: true, keepAliveMsecs: 600_000 }
const timeoutMs = HOW === 'timer' ? endMs : 0
const signalOf = (controller) => (HOW === 'timer' ? AbortSignal.timeout(endMs) : controller.signal)

function exchange(client, options) {
  return new Promise((resolve) => {
    client.get(options, (response) => response.resume().on('end', resolve)).on('error', none)
  })
}

/** A client of Node's own with an agent. */
async function throughAgent(client, agent, options) {
  await exchange(client, { ...options, agent, path: '/warm' })
  return () => {
    const request = client.get({ ...options, agent, path: '/wait' })
    request.on('error', none)
    if (timeoutMs > 0) request.setTimeout(timeoutMs, () => request.destroy())
    return () => request.destroy()
  }
}

async function postgres(port, ssl) {
  const { Client } = require('pg')
  const user = { user: 'u', password: 'p', database: 'd' }
  const timer = timeoutMs > 0 && { query_timeout: timeoutMs }
  const client = new Client({ host, port, ssl, ...user, ...timer }).on('error', none)
  await client.connect()
  await client.query('select')
  return () => {
    client.query('select pg_sleep(600)').catch(none)
    return () => client.connection.stream.destroy()
  }
}

/** Each returns what uses its connection again, and that returns what aborts it. */
const kinds = {
  http: (port) => throughAgent(http, new http.Agent(keepAlive), { host, port }),
  https: (port) =>
    throughAgent(https, new https.Agent(keepAlive), { host, port, rejectUnauthorized }),
  async http2(port) {
    const session = http2.connect(`http://${host}:${port}`).on('error', none)
    await new Promise((resolve) => {
      session.request({ ':path': '/warm' }).on('error', none).on('close', resolve).resume()
    })
    return () => {
      if (!session.destroyed) session.request({ ':path': '/wait' }).on('error', none)
      if (timeoutMs > 0) session.setTimeout(timeoutMs, () => session.destroy())
      return () => session.destroy()
    }
  },
  async fetch(port) {
    const url = `http://${host}:${port}`
    await (await fetch(`${url}/warm`)).text()
    return () => {
      const controller = new AbortController()
      fetch(`${url}/wait`, { signal: signalOf(controller) }).catch(none)
      return () => controller.abort()
    }
  },
  async undici(port) {
    const { Pool } = require('undici')
    const pool = new Pool(`http://${host}:${port}`, {
      connections: 1,
      keepAliveTimeout: 600_000,
      ...(timeoutMs > 0 && { headersTimeout: timeoutMs }),
    })
    await (await pool.request({ path: '/warm', method: 'GET' })).body.text()
    return () => {
      pool.request({ path: '/wait', method: 'GET' }).catch(none)
      return () => pool.destroy()
    }
  },
  async ws(port) {
    const { WebSocket } = require('ws')
    const socket = new WebSocket(`ws://${host}:${port}`).on('error', none)
    await new Promise((resolve) => socket.on('open', resolve))
    return () => {
      socket.send('question', none)
      return () => socket.terminate()
    }
  },
  pg: (port) => postgres(port, false),
  'pg+tls': (port) => postgres(port, { rejectUnauthorized }),
  async mysql2(port) {
    const connection = require('mysql2').createConnection({ host, port, user: 'u' })
    connection.on('error', none)
    await new Promise((resolve) => connection.query('select', resolve))
    return () => {
      connection.query({ sql: 'select sleep(600)', timeout: timeoutMs || undefined }, none)
      return () => connection.destroy()
    }
  },
  async ioredis(port) {
    const Redis = require('ioredis')
    const redis = new Redis({
      host,
      port,
      enableReadyCheck: false,
      retryStrategy: null,
      ...(timeoutMs > 0 && { socketTimeout: timeoutMs }),
    })
    redis.on('error', none)
    await redis.set('key', 'value')
    return () => {
      redis.blpop('nothing', 600).catch(none)
      return () => redis.disconnect()
    }
  },
  async tunnel(port) {
    const path = 'api.test:443'
    const connect = http.request({ port, host, method: 'CONNECT', path, agent: false })
    connect.end()
    const socket = await new Promise((resolve) => {
      connect.on('connect', (_, below) => resolve(below.on('error', none)))
    })
    const agent = new https.Agent(keepAlive)
    agent.createConnection = () => tls.connect({ socket, rejectUnauthorized })
    return throughAgent(https, agent, { host: 'api.test' })
  },
}

async function main() {
  const opened = Object.entries(kinds).map(async ([kind, open]) => {
    const use = await Promise.race([open(ports[kind]), sleep(15_000)])
    if (use === undefined) see(`${kind} did not open`)
    return use
  })
  const uses = (await Promise.all(opened)).filter(Boolean)
  see('warm')
  if (HOW === 'freeze') {
    // Some looks see that it is idle; and what is due right after the standstill comes before its news.
    // Blocked, because a stop inside of the lab stops the lab's helper too.
    await sleep(1_500)
    const due = sleep(1_000)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, idleMs)
    await due
  } else await sleep(idleMs)
  const aborts = uses.map((use) => use())
  see('uses')
  if (HOW === 'abort') {
    await sleep(endMs)
    for (const abort of aborts) abort()
  }
  await sleep(lastMs)
  process.exit(0)
}

process.on('uncaughtException', (error) => see('uncaught', { text: error.stack }))
main()
