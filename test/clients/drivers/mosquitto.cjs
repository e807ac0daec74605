'use strict'

exports.clients = {
  // A subscriber waits by being there: a broker has no late answer.
  mqtt: {
    package: 'mqtt',
    server: 'mosquitto',
    async open({ host, port, tls, ca }) {
      const { connectAsync } = require('mqtt')
      const client = await connectAsync({ host, port, protocol: tls ? 'mqtts' : 'mqtt', ca })
      await client.subscribeAsync('late')
    },
  },
}
