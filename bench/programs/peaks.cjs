'use strict'
// Programs that have something large in hand, open a connection, and let go of both:
// {kind, ports, count, perSecond} -> the most resident memory that it ever had, in bytes.
const { readFileSync } = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const { createAddresses } = require('../addresses.cjs')
const { answerLines, say } = require('./lines.cjs')
const { paced } = require('./paced.cjs')

const MIB = 2 ** 20
const address = createAddresses()

/** What a job holds is reachable from its method, which opens the connection. */
class Job {
  constructor(port, bytes) {
    this.port = port
    this.body = Buffer.alloc(bytes, 1)
  }

  connect() {
    return new Promise((done, fail) => {
      const socket = net.connect(this.port, '127.0.0.1')
      socket.on('connect', () => this.body.length > 0 && socket.end())
      socket.on('error', fail).on('close', done).resume()
    })
  }

  get(host) {
    return new Promise((done, fail) => {
      const options = { port: this.port, host, agent: false }
      const request = http.get(options, (response) => {
        response.resume().on('end', () => done(this.body.length))
      })
      request.on('error', fail)
    })
  }
}

const kinds = {
  jobs: (ports) => new Job(ports.net, 4 * MIB).connect(),
  crawler: (ports) => new Job(ports.http, MIB).get(address()),
}

/** An upload handler: collects the body, asks an upstream, answers. Ends after so many. */
async function uploads({ ports, count }) {
  let left = count
  await new Promise((done, fail) => {
    const server = http.createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const headers = { 'x-length': Buffer.concat(chunks).length }
        const options = { port: ports.http, host: '127.0.0.1', agent: false, headers }
        const asked = http.get(options, (upstream) => {
          upstream.resume().on('end', () => {
            response.end('done')
            if (--left === 0) done(undefined)
          })
        })
        asked.on('error', fail)
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      say({ port })
    })
  })
}

/** Of this program alone: what getrusage(2) says includes what the process was before its exec. */
function peakBytes() {
  const status = readFileSync('/proc/self/status', 'latin1')
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024
}

answerLines(async (asked) => {
  const { kind, ports } = asked
  await (kind === 'uploads' ? uploads(asked) : paced(asked, () => kinds[kind](ports)))
  return { peakBytes: peakBytes() }
})
