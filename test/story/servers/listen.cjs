'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

// A key made for this test and published with it: it proves nothing about anybody.
exports.identity = {
  key: readFileSync(join(__dirname, 'lab.test.key')),
  cert: readFileSync(join(__dirname, 'lab.test.crt')),
}

/** Listens on the address given as the first argument, and says on stdout where and what it is. */
exports.listen = (server, kind) => {
  const [host = '127.0.0.1', port = '0'] = process.argv.slice(2)
  server.listen(Number(port), host, () => exports.ready(server.address().port, kind))
}

exports.ready = (port, kind) => {
  process.stdout.write(`ready ${port} ${kind}\n`)
}
