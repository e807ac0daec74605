'use strict'
// A service: asks the server when it starts, and runs on.
const http = require('node:http')
const { main } = require('./client.cjs')

main(Number(process.argv[2]), 'service', ['net', 'http'])
http.createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
