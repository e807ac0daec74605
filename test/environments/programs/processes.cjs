'use strict'
// Starts the processes named in its arguments, one after the other: each asks the server.
const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const [port, ...names] = process.argv.slice(2)
const client = path.join(__dirname, 'client.cjs')
const args = (label) => [port, label, 'net,http']

const start = (label, options) =>
  spawn(process.execPath, [client, ...args(label)], { stdio: 'inherit', ...options })

const processes = {
  fork: (label) => fork(client, args(label)),
  forkExecArgv: (label) => fork(client, args(label), { execArgv: ['--no-warnings'] }),
  forkOwnEnv: (label) => fork(client, args(label), { env: { ...process.env, OWN: '1' } }),
  forkNoEnv: (label) => fork(client, args(label), { env: {} }),
  spawn: (label) => start(label),
  spawnExecArgv: (label) =>
    spawn(process.execPath, ['--no-warnings', client, ...args(label)], { stdio: 'inherit' }),
  spawnOwnEnv: (label) => start(label, { env: { ...process.env, OWN: '1' } }),
  spawnNoEnv: (label) => start(label, { env: {} }),
  spawnElsewhere: (label) => start(label, { cwd: '/' }),
  shell: (label) =>
    spawn('sh', ['-c', `"${process.execPath}" "${client}" ${args(label).join(' ')}`], {
      stdio: 'inherit',
    }),
}

async function main() {
  for (const name of names) {
    const [code, signal] = await once(processes[name](name), 'exit')
    console.log(name, 'exit', code, signal)
  }
}

main()
