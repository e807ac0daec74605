'use strict'
const { once } = require('node:events')

const urlOf = ({ host, port, tls }) => `${tls ? 'wss' : 'ws'}://${host}:${port}`

const ws = (name) => ({
  package: name,
  server: 'websocket',
  async open(target) {
    const socket = new (require(name))(urlOf(target))
    await once(socket, 'open')
    return {
      async wait(seconds) {
        socket.send(String(seconds))
        await once(socket, 'message')
      },
    }
  },
})

const socketIo = (options = {}) => ({
  package: 'socket.io-client',
  server: 'socket-io',
  async open({ origin }) {
    const { io } = require('socket.io-client')
    const socket = io(origin, options)
    await new Promise((resolve, reject) => {
      socket.on('connect', resolve).on('connect_error', reject)
    })
    return { wait: (seconds) => socket.emitWithAck('wait', seconds) }
  },
})

exports.clients = {
  ws: ws('ws'),
  ws7: ws('ws7'),
  'websocket-pkg': {
    package: 'websocket',
    server: 'websocket',
    async open(target) {
      const { client: Client } = require('websocket')
      const client = new Client()
      client.connect(urlOf(target))
      const [connection] = await once(client, 'connect')
      return {
        async wait(seconds) {
          connection.sendUTF(String(seconds))
          await once(connection, 'message')
        },
      }
    },
  },
  'socket.io-client': socketIo(),
  'socket.io-client-wsonly': socketIo({ transports: ['websocket'] }),
}
