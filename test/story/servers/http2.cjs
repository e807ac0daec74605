'use strict'
const http2 = require('node:http2')
const { answerInvocation } = require('./invocation.cjs')
const { identity, listen } = require('./listen.cjs')

const server = http2.createSecureServer(identity, answerInvocation)
server.on('sessionError', () => {})
listen(server, 'http2')
