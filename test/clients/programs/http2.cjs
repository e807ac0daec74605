'use strict'
// Packages that speak HTTP/2, gRPC among them.

exports.clients = {
  'undici-h2': {
    package: 'undici',
    server: 'http',
    modes: ['tls'],
    async open({ origin }) {
      const { Agent, request } = require('undici')
      const dispatcher = new Agent({ allowH2: true })
      return {
        wait: async () => (await request(`${origin}/late`, { dispatcher })).body.text(),
      }
    },
  },
  'axios-http2': {
    package: 'axios',
    server: 'http',
    modes: ['tls'],
    async open({ origin }) {
      const { get } = require('axios')
      return { wait: () => get(`${origin}/late`, { httpVersion: 2 }) }
    },
  },
  'got-http2': {
    package: 'got',
    server: 'http',
    modes: ['tls'],
    async open({ origin, load }) {
      const { default: got } = await load('got')
      return { wait: () => got(`${origin}/late`, { http2: true, retry: { limit: 0 } }) }
    },
  },
  'grpc-js': {
    package: '@grpc/grpc-js',
    server: 'http',
    async open({ host, port, tls, ca }) {
      const { Client, credentials } = require('@grpc/grpc-js')
      const secure = tls ? credentials.createSsl(Buffer.from(ca)) : credentials.createInsecure()
      const client = new Client(`${host}:${port}`, secure)
      const same = (bytes) => bytes
      return {
        wait: () =>
          new Promise((resolve, reject) => {
            client.makeUnaryRequest('/test.Slow/Ask', same, same, Buffer.alloc(0), (error) =>
              error ? reject(error) : resolve(),
            )
          }),
      }
    },
  },
}
