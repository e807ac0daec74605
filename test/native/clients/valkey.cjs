'use strict'
// Waits for an element of a list that stays empty.
const { GlideClient, Logger } = require('@valkey/valkey-glide')

async function main() {
  const { TARGET_HOST = '127.0.0.1', TARGET_PORT } = process.env
  Logger.init('off')
  const client = await GlideClient.createClient({
    addresses: [{ host: TARGET_HOST, port: Number(TARGET_PORT) }],
    requestTimeout: 600_000,
  })
  client.blpop(['empty'], 0).then(
    () => console.log('answered'),
    () => {},
  )
  setTimeout(() => console.log(TARGET_PORT), 200)
}

main()
