'use strict'
// A request that the server never answers, or never ends, is given up by the client's own timer HOW.
const http = require('node:http')

const ms = 3_000

const server = http.createServer((request, response) => {
  if (request.url === '/half') response.write('half of it')
})

/** The class of Node's own fetch is not exported. */
function agentOf(options) {
  fetch('data:,').catch(() => {})
  const { constructor: Agent } = globalThis[Symbol.for('undici.globalDispatcher.1')]
  return new Agent(options)
}

const ways = {
  headers: (url) => fetch(url, { dispatcher: agentOf({ headersTimeout: ms }) }),
  signal: (url) => fetch(url, { signal: AbortSignal.timeout(ms) }),
  socket: (url) =>
    new Promise((_, reject) => {
      const request = http.get(url, { agent: false, timeout: ms }).on('error', reject)
      request.on('timeout', () => request.destroy(new Error('no more')))
    }),
  // No timer of the client: the program ends it for a reason of its own.
  own: (url) =>
    new Promise((_, reject) => {
      const request = http.get(url, { agent: false }).on('error', reject)
      setTimeout(() => request.destroy(new Error('no more')), ms)
    }),
}

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/slow`
  ways[process.argv[2]](url).catch(() => setTimeout(() => process.exit(), 1_500))
})
