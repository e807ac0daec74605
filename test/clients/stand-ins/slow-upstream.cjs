'use strict'
// Answers /wait-MS after so many milliseconds. Only nginx asks, and without TLS.
const http = require('node:http')
const { answerInvocation } = require('../../story/servers/invocation.cjs')

const server = http.createServer(answerInvocation)
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ plain: server.address().port })))
