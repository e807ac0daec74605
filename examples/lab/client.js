// Asks once, and waits. Without keepalive the NAT forgets the connection meanwhile.
const { get } = require('node:http')

const patienceMs = 900_000 / Number(process.env.LAB_SCALE ?? 1)

const request = get({ host: process.env.LAB_SERVER, port: 7000, agent: false }, (response) => {
  response.setEncoding('utf8').on('data', (text) => console.log(text))
})
request.on('error', (error) => {
  console.error(error.message)
  process.exitCode = 1
})
request.setTimeout(patienceMs, () => request.destroy(new Error('There was no answer.')))
