'use strict'

function settings({ host, port, tls, ca }) {
  return { host, port, user: 'root', ssl: tls ? { ca } : undefined }
}

exports.clients = {
  mysql: {
    package: 'mysql',
    server: 'mariadb',
    async open(target) {
      const connection = require('mysql').createConnection(settings(target))
      return {
        wait: (seconds) =>
          new Promise((done, fail) => {
            connection.query('select sleep(?)', [seconds], (error) =>
              error ? fail(error) : done(),
            )
          }),
      }
    },
  },

  mysql2: {
    package: 'mysql2',
    server: 'mariadb',
    async open(target) {
      const connection = await require('mysql2/promise').createConnection(settings(target))
      return { wait: (seconds) => connection.query('select sleep(?)', [seconds]) }
    },
  },

  mariadb: {
    package: 'mariadb',
    server: 'mariadb',
    async open(target) {
      // It gives a connection one second to be there, which is little on a machine with much to do.
      const patient = { ...settings(target), connectTimeout: 20_000 }
      const pool = require('mariadb').createPool(patient)
      return { wait: (seconds) => pool.query('select sleep(?)', [seconds]) }
    },
  },
}
