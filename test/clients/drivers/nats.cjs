'use strict'

// A server of NATS only passes on: the one who answers late is the client itself.
const nats = (name) => ({
  package: name,
  server: 'nats',
  async open({ host, port, tls, ca }) {
    const { connect } = require(name)
    const connection = await connect({ servers: `${host}:${port}`, ...(tls && { tls: { ca } }) })
    connection.subscribe('late', {
      callback(_error, message) {
        setTimeout(() => message.respond(), Number(message.data) * 1000)
      },
    })
    return {
      wait: (seconds) => connection.request('late', `${seconds}`, { timeout: seconds * 3000 }),
    }
  },
})

exports.clients = {
  nats: nats('nats'),
  'nats-v3': nats('@nats-io/transport-node'),
}
