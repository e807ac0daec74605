'use strict'

// Asks once and waits, for as long as it takes; says what came of it.

const { TARGET, PORT, CLIENT } = process.env
const say = (word) => {
  console.log(word)
  process.exit()
}

if (CLIENT === 'net') {
  const socket = require('node:net').connect(Number(PORT), TARGET)
  socket.write('ask')
  socket.on('data', () => say('answered'))
  socket.on('error', ({ code }) => say(code))
} else {
  const https = require('node:https')
  const agent = new https.Agent({ keepAlive: true })
  const options = { host: TARGET, port: Number(PORT), agent, rejectUnauthorized: false }
  // Only with its second request does the agent of every Node switch keepalive on.
  https
    .get({ ...options, path: '/soon' }, (first) => {
      first.resume().on('end', () =>
        setTimeout(() => {
          https
            .get({ ...options, path: '/late' }, () => say('answered'))
            .on('error', ({ code }) => say(code))
        }, 100),
      )
    })
    .on('error', ({ code }) => say(code))
}
