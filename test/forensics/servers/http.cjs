'use strict'
const http = require('node:http')
const { answerInvocation } = require('../../story/servers/invocation.cjs')
const { listen } = require('../../story/servers/listen.cjs')

const server = http.createServer(answerInvocation)
// Five seconds by default: the server would close what the gateway is meant to forget.
server.keepAliveTimeout = 0
server.requestTimeout = 0
listen(server, 'http')
