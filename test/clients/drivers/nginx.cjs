'use strict'

exports.clients = {
  'node-behind-nginx': {
    package: 'node',
    server: 'nginx',
    async open({ origin }) {
      const http = require(origin.startsWith('https') ? 'node:https' : 'node:http')
      return {
        wait: (seconds) =>
          new Promise((done, fail) => {
            const request = http.get(`${origin}/wait-${seconds * 1000}`)
            request.on('error', fail)
            request.on('response', (response) => response.resume().on('end', done))
          }),
      }
    },
  },

  'node-http2-behind-nginx': {
    package: 'node',
    server: 'nginx',
    modes: ['tls'],
    async open({ origin }) {
      const session = require('node:http2').connect(origin)
      return {
        wait: (seconds) =>
          new Promise((done, fail) => {
            const stream = session.request({ ':path': `/wait-${seconds * 1000}` })
            stream.on('error', fail).on('close', done).resume()
          }),
      }
    },
  },

  'undici-behind-nginx': {
    package: 'undici',
    server: 'nginx',
    async open({ origin, ca }) {
      const { Pool } = require('undici')
      const pool = new Pool(origin, { connect: { ca } })
      return {
        async wait(seconds) {
          const { body } = await pool.request({ path: `/wait-${seconds * 1000}`, method: 'GET' })
          await body.text()
        },
      }
    },
  },
}
