'use strict'
// The one program of a client: opens the named case to all its targets at once, waits on each for one
// late answer, and keeps what its library keeps. It says so on stdout, and ends when its stdin does.
//
// A module of programs/ or drivers/ exports `clients`, an object of cases by name:
//
//   'pg-client': {
//     package: 'pg',              name in test/clients/package.json, or 'node'
//     server: 'postgres',         name of a module in servers/
//     modes: ['plain', 'tls'],    this is the default
//     neverAnswered: true,        where the server does not answer, which may end in an error
//     env: { NAME: 'value' },     more environment for the process
//     async open(target) {        { host, port, tls, origin, ca, load }
//       const { Client } = require('pg')       packages are loaded in here, not above
//       ...
//       return { wait: (seconds) => a promise of an answer that takes the server so long }
//     },
//   }
//
// `wait` is absent where a connection waits by being open. `origin` is http(s)://host:port, `ca` the
// PEM that the servers' certificate is checked against (the process trusts it anyway), and `load(name)`
// is import() of a package that require() cannot have.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

const { file, name, targets, seconds, folder, ca } = JSON.parse(process.argv[2])

process.stdin.resume().on('end', () => process.exit())
// Libraries tell of a lost connection when the server is stopped.
process.on('unhandledRejection', (reason) => failed(reason))
process.on('uncaughtException', (error) => failed(error))

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function failed(reason, target) {
  const causes = []
  for (let error = reason; error; error = error.cause) causes.push(String(error))
  say({ failed: [...(target ? [target.name] : []), ...causes].join(': ') })
}

async function main() {
  const { load } = await import(pathToFileURL(join(folder, 'load.mjs')))
  const { open } = require(file).clients[name]
  const common = { ca: readFileSync(ca, 'utf8'), load }
  const connections = await Promise.all(
    targets.map(async (target) => {
      const origin = `http${target.tls ? 's' : ''}://${target.host}:${target.port}`
      try {
        return await open({ ...target, origin, ...common })
      } catch (error) {
        failed(error, target)
        return {}
      }
    }),
  )
  const waits = connections.map((connection, at) =>
    connection?.wait?.(seconds).then(
      () => say({ answered: targets[at].name }),
      (error) => failed(error, targets[at]),
    ),
  )
  say({ waiting: waits.filter(Boolean).length })
}

main().catch((error) => failed(error))
