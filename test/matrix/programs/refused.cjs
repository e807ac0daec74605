'use strict'
// Prints the stacks of connections that are refused.
const http = require('node:http')
const net = require('node:net')
const tls = require('node:tls')

const tell = (error) => console.log(error.stack, { ...error })
net.connect({ port: 9, host: '127.0.0.1' }).on('error', tell)
tls.connect({ port: 9, host: '127.0.0.1' }).on('error', tell)
http.get('http://127.0.0.1:9/').on('error', tell)
fetch('http://127.0.0.1:9/').catch((error) => console.log(error.stack, error.cause.stack))
