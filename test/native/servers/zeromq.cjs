'use strict'
const zmq = require('zeromq')

async function main() {
  const reply = new zmq.Reply()
  await reply.bind('tcp://127.0.0.1:*')
  console.log(`ready ${/\d+$/.exec(reply.lastEndpoint)[0]} zeromq`)
  await reply.receive()
  setInterval(() => {}, 60_000)
}

main()
