'use strict'
// Starts the threads named in its arguments, one after the other: each asks the server.
const { once } = require('node:events')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { Worker } = require('node:worker_threads')

const [port, ...names] = process.argv.slice(2)
const client = path.join(__dirname, 'client.cjs')

const start = (label, options) =>
  new Worker(client, { argv: [port, label, 'net,http'], ...options })

const source = `require(${JSON.stringify(client)}).main(${port}, 'eval', ['net', 'http'])`

const threads = {
  default: (label) => start(label),
  execArgv: (label) => start(label, { execArgv: ['--no-warnings'] }),
  ownEnv: (label) => start(label, { env: { OWN: '1' } }),
  noEnv: (label) => start(label, { env: {} }),
  sharedEnv: (label) => start(label, { env: require('node:worker_threads').SHARE_ENV }),
  eval: () => new Worker(source, { eval: true }),
  dataUrl: () => {
    const module = `const { main } = await import(${JSON.stringify(pathToFileURL(client).href)})
      await main(${port}, 'dataUrl', ['net', 'http'])`
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(module)}`))
  },
  nested: () => {
    const outer = `const { Worker } = require('node:worker_threads')
      new Worker(${JSON.stringify(client)}, { argv: ['${port}', 'nested', 'net,http'] })`
    return new Worker(outer, { eval: true })
  },
  terminated: () => {
    const endless = `require('node:net').connect(${port}, '127.0.0.1', () => {
      require('node:worker_threads').parentPort.postMessage('connected')
    })`
    const worker = new Worker(endless, { eval: true })
    worker.once('message', () => worker.terminate())
    return worker
  },
}

async function main() {
  for (const name of names) {
    const [code] = await once(threads[name](name), 'exit')
    console.log(name, 'exit', code)
  }
}

main()
