'use strict'

exports.clients = {
  'basic-ftp': {
    package: 'basic-ftp',
    server: 'ftp',
    async open({ host, port, tls, ca }) {
      const { Client } = require('basic-ftp')
      const client = new Client()
      await client.access({ host, port, secure: tls && 'implicit', secureOptions: { ca } })
      return { wait: (seconds) => client.send(`SITE WAIT ${seconds}`) }
    },
  },
}
