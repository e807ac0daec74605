'use strict'
// late-client.cjs ADDRESS LINE: asks, and prints the answer or the error.
const [address, line] = process.argv.slice(2)
const socket = require('node:net').connect(7000, address, () => {
  socket.write(`${line}\n`)
  console.log('connected')
})
socket.on('error', ({ code }) => {
  console.log(code)
  process.exit()
})
socket.on('data', (data) => {
  console.log(`answer: ${data}`)
  process.exit()
})
