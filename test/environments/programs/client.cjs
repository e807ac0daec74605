'use strict'
// Asks a server that speaks http and https in the ways named in its arguments, and prints the answers.
//   client.cjs PORT [LABEL [WAY,...]]
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')

const host = '127.0.0.1'

function read(module, options) {
  return new Promise((resolve, reject) => {
    const request = module.get({ host, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
  })
}

const ways = {
  net: (port, path) =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, host, () => socket.write(`GET ${path} HTTP/1.0\r\n\r\n`))
      let text = ''
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      socket.on('end', () => resolve(text.split('\r\n\r\n')[1])).on('error', reject)
    }),
  http: (port, path) => read(http, { port, path }),
  https: (port, path) => read(https, { port, path, rejectUnauthorized: false }),
  fetch: async (port, path) => (await fetch(`http://${host}:${port}${path}`)).text(),
}

const all = Object.keys(ways)

/** `say` gets a line for each way. */
async function main(port, label = 'main', names = all, say = console.log) {
  for (const name of names) say(label, name, await ways[name](port, `/${label}/${name}`))
}

module.exports = { main, ways }
if (require.main === module) {
  const [port, label, names] = process.argv.slice(2)
  main(Number(port), label, names?.split(','))
}
