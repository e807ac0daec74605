'use strict'
// Asks a question that nobody answers, of a server in this process where TARGET_PORT names none.
const zmq = require('zeromq')

const held = []

async function main() {
  const {
    TARGET_HOST = '127.0.0.1',
    TARGET_PORT,
    KEEPALIVE = '-1',
    KEEPALIVE_IDLE = '-1',
  } = process.env
  let port = TARGET_PORT
  if (port === undefined) {
    const reply = new zmq.Reply()
    held.push(reply)
    await reply.bind('tcp://127.0.0.1:*')
    port = /\d+$/.exec(reply.lastEndpoint)[0]
    reply.receive().catch(() => {})
  }
  const request = new zmq.Request({
    tcpKeepalive: Number(KEEPALIVE),
    tcpKeepaliveIdle: Number(KEEPALIVE_IDLE),
  })
  held.push(request)
  request.connect(`tcp://${TARGET_HOST}:${port}`)
  await request.send('a question')
  const answered = () => console.log('answered')
  request.receive().then(answered, () => {})
  // Waiting alone does not keep it running, and a socket that is garbage is closed.
  setInterval(() => held.length, 60_000)
  console.log(port)
}

main()
