'use strict'
const zmq = require('zeromq')

async function main() {
  const reply = new zmq.Reply()
  const { HOST = '127.0.0.1', ANSWER_MS } = process.env
  await reply.bind(`tcp://${HOST}:*`)
  // Waiting alone does not keep it running, and a socket that is garbage is closed.
  setInterval(() => reply.closed, 60_000)
  console.log(`ready ${/\d+$/.exec(reply.lastEndpoint)[0]} zeromq`)
  await reply.receive()
  if (ANSWER_MS !== undefined) setTimeout(() => reply.send('an answer'), Number(ANSWER_MS))
}

main()
