'use strict'

const tedious = (name) => ({
  package: name,
  server: 'tds',
  async open({ host: server, port, tls, ca }) {
    const { Connection, Request } = require(name)
    // TLS from the start, as of TDS 8.0.
    const encryption = tls
      ? { encrypt: 'strict', cryptoCredentialsDetails: { ca } }
      : { encrypt: false }
    const connection = new Connection({
      server,
      options: { port, ...encryption },
      authentication: { type: 'default', options: { userName: 'nobody', password: 'secret' } },
    })
    await new Promise((done, fail) => {
      connection.connect((error) => (error ? fail(error) : done()))
    })
    return {
      wait: (seconds) =>
        new Promise((done, fail) => {
          const statement = `waitfor delay '00:00:${String(seconds).padStart(2, '0')}'`
          const request = new Request(statement, (error) => (error ? fail(error) : done()))
          connection.execSqlBatch(request)
        }),
    }
  },
})

exports.clients = {
  tedious: tedious('tedious'),
  tedious18: tedious('tedious18'),
}
