'use strict'
const zmq = require('zeromq')

async function main() {
  const reply = new zmq.Reply()
  await reply.bind('tcp://127.0.0.1:*')
  // Waiting alone does not keep it running, and a socket that is garbage is closed.
  setInterval(() => reply.closed, 60_000)
  console.log(`ready ${/\d+$/.exec(reply.lastEndpoint)[0]} zeromq`)
  await reply.receive()
}

main()
