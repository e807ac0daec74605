'use strict'
// Over UDP an answer says only that it was cut; over TCP there is none.
const dgram = require('node:dgram')
const net = require('node:net')

function listen() {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    const udp = dgram.createSocket('udp4')
    // The port may be taken for UDP.
    udp.on('error', () => server.close(listen))
    udp.on('message', (question, { address, port }) => {
      const answer = Buffer.from(question)
      // QR, TC and RD of RFC 1035, section 4.1.1.
      answer[2] = 0x83
      answer[3] = 0x80
      udp.send(answer, port, address)
    })
    udp.bind(port, '127.0.0.1', () => console.log(`ready ${port} dns`))
  })
}

listen()
