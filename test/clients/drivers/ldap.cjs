'use strict'

exports.clients = {
  ldapjs: {
    package: 'ldapjs',
    server: 'ldap',
    async open({ host, port, tls, ca }) {
      const url = `ldap${tls ? 's' : ''}://${host}:${port}`
      const client = require('ldapjs').createClient({ url, tlsOptions: { ca } })
      await new Promise((done, fail) => {
        client.on('error', fail)
        client.bind('', '', (error) => (error ? fail(error) : done()))
      })
      return {
        wait: (seconds) =>
          new Promise((done, fail) => {
            client.search(`ou=wait-${seconds}`, (error, search) => {
              if (error) fail(error)
              else search.on('error', fail).on('end', done)
            })
          }),
      }
    },
  },

  ldapts: {
    package: 'ldapts',
    server: 'ldap',
    async open({ host, port, tls, ca }) {
      const { Client } = require('ldapts')
      const url = `ldap${tls ? 's' : ''}://${host}:${port}`
      const client = new Client({ url, ...(tls && { tlsOptions: { ca } }) })
      await client.bind('', '')
      return { wait: (seconds) => client.search(`ou=wait-${seconds}`) }
    },
  },
}
