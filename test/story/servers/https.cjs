'use strict'
const https = require('node:https')
const { answerInvocation } = require('./invocation.cjs')
const { identity, listen } = require('./listen.cjs')

const server = https.createServer(identity, answerInvocation)
// Five seconds by default: the server would close what the gateway is meant to forget.
server.keepAliveTimeout = 0
server.requestTimeout = 0
listen(server, 'https')
