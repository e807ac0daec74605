'use strict'
// Enough of Valkey for a client that connects and waits for a list: nothing is in it, but for ANSWER_MS.
const net = require('node:net')

const { HOST = '127.0.0.1', ANSWER_MS } = process.env

const answers = [
  [/HELLO/i, '%1\r\n$5\r\nproto\r\n:3\r\n'],
  [/INFO/i, bulk('# Replication\r\nrole:master\r\n')],
  [/BLPOP/i, ''],
  [/./, '+OK\r\n'],
]

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    for (const command of String(data).split(/(?=\*\d)/)) {
      socket.write(answers.find(([pattern]) => pattern.test(command))?.[1] ?? '')
      if (ANSWER_MS !== undefined && /BLPOP/i.test(command)) {
        setTimeout(() => socket.write(`*2\r\n${bulk('empty')}${bulk('x')}`), Number(ANSWER_MS))
      }
    }
  })
})
server.listen(0, HOST, () => console.log(`ready ${server.address().port} stand-in for Valkey`))

function bulk(text) {
  return `$${text.length}\r\n${text}\r\n`
}
