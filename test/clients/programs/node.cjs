'use strict'
// What Node itself has.
const { once } = require('node:events')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const HALF_A_MINUTE_MS = 30_000
const MINUTE_MS = 60_000

const protocol = ({ tls }) => (tls ? https : http)

function get(target, options, path = '/late', prepare = () => {}) {
  return new Promise((resolve, reject) => {
    const request = protocol(target).get(`${target.origin}${path}`, options, (response) =>
      response.resume().on('end', resolve),
    )
    prepare(request.on('error', reject))
  })
}

/** A case of http and https with the options that `optionsOf` makes, an agent among them. */
const web = (optionsOf, rest = {}) => ({
  package: 'node',
  server: 'http',
  async open(target) {
    const options = optionsOf(protocol(target))
    return { wait: () => get(target, options) }
  },
  ...rest,
})

/** A case of a connection that is only that. */
const raw = (mode, connect) => ({
  package: 'node',
  server: 'tcp',
  modes: [mode],
  async open(target) {
    const socket = connect(target)
    await once(socket, mode === 'tls' ? 'secureConnect' : 'connect')
    return {
      async wait(seconds) {
        socket.write(String(seconds))
        await once(socket, 'data')
      },
    }
  },
})

const asking = { keepAlive: true, keepAliveInitialDelay: HALF_A_MINUTE_MS }

exports.clients = {
  'node-http-default': web(() => ({})),
  'node-http-keepAlive-agent': web(({ Agent }) => ({ agent: new Agent({ keepAlive: true }) })),
  'node-http-plain-agent': web(({ Agent }) => ({ agent: new Agent() })),
  'node-http-agent-false': web(() => ({ agent: false })),
  'node-http-default-2nd-request': {
    ...web(() => ({})),
    async open(target) {
      await get(target, {}, '/')
      return { wait: () => get(target, {}) }
    },
  },
  'node-agent-keepAliveMsecs-600000': web(({ Agent }) => ({
    agent: new Agent({ keepAlive: true, keepAliveMsecs: 600_000 }),
  })),
  'node-req-setSocketKeepAlive': {
    ...web(() => ({})),
    async open(target) {
      const agent = new (protocol(target).Agent)({ keepAlive: true })
      const prepare = (request) => request.setSocketKeepAlive(true, MINUTE_MS)
      return { wait: () => get(target, { agent }, '/late', prepare) }
    },
  },
  'net-connect-default': raw('plain', ({ host, port }) => net.connect({ host, port })),
  'net-connect-opt-keepAlive': raw('plain', ({ host, port }) =>
    net.connect({ host, port, ...asking }),
  ),
  'tls-connect-default': raw('tls', ({ host, port }) => tls.connect({ host, port })),
  'tls-connect-opt-keepAlive': raw('tls', ({ host, port }) =>
    tls.connect({ host, port, ...asking }),
  ),
  'http2-connect': {
    package: 'node',
    server: 'http',
    async open({ origin }) {
      const session = http2.connect(origin)
      await once(session, 'connect')
      return {
        async wait() {
          await once(session.request({ ':path': '/late' }).resume(), 'end')
        },
      }
    },
  },
  'fetch-global': {
    package: 'node',
    server: 'http',
    async open({ origin }) {
      return { wait: () => fetch(`${origin}/late`).then((response) => response.text()) }
    },
  },
}
