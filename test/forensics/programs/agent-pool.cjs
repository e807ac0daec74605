'use strict'
// PROTOCOL is http or https. The agent arms keepalive, with a delay beyond any limit: it is the
// pool that is lost.
const { giveUpMs, goOn, idleMs, observe, see, sleep, target } = require('./observe.cjs')
const http = require(`node:${process.env.PROTOCOL}`)

const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 600_000 })
const options = { ...target, agent, method: 'POST', headers: { authorization: 'Bearer secret' } }

function ask(path) {
  return new Promise((resolve) => {
    const request = observe('request', http.request({ ...options, path }))
    request.on('response', (response) => response.resume().on('end', resolve))
    request.on('close', resolve)
    if (giveUpMs > 0) request.setTimeout(giveUpMs, () => request.destroy())
    request.end()
  })
}

async function main() {
  await ask('/wait-0?token=secret')
  await sleep(idleMs)
  see('asks')
  await ask('/wait-0?token=secret#secret')
  await goOn()
}

main()
