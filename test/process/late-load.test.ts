import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root, runNode } from '../run-node'

/**
 * The part of the package that comes with the first connect is away for a while, as where descriptors
 * have run out. Says what the kernel has on the sockets, by the moment.
 */
const program = (folder: string) => `
  const net = require('node:net')
  const { renameSync } = require('node:fs')
  const { once } = require('node:events')
  const { optionsOf } = require(${JSON.stringify(join(root, 'test/fixtures/kernel-options.cjs'))})
  const hook = ${JSON.stringify(join(folder, 'dist/hook/hook.js'))}
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
  const server = net.createServer().listen(0, '127.0.0.1', async () => {
    const sockets = []
    const open = async (options) => {
      const socket = net.connect({ port: server.address().port, host: '127.0.0.1', ...options })
      await once(socket, 'connect')
      sockets.push(socket)
    }
    const look = () => {
      const all = sockets.map(({ _handle }) => optionsOf(_handle.fd))
      console.log(all.map(({ on, idle }) => (on ? idle : 'off')).join())
    }
    renameSync(hook, hook + '.away')
    await open()
    await open({ keepAlive: true, keepAliveInitialDelay: 5_000 })
    look()
    renameSync(hook + '.away', hook)
    await sleep(1_100)
    await open()
    look()
    sockets[0].setKeepAlive(false)
    look()
    process.exit()
  })`

t.test('what connected while the hook could not be loaded is protected when it can', async (t) => {
  const folder = t.testdir()
  for (const name of ['dist', 'register.js', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  const args = ['-r', join(folder, 'register.js'), '-e', program(folder)]
  const { stdout, stderr, code } = await runNode(args)
  t.equal(code, 0, stderr)
  t.equal(stderr.match(/NKA002/g)?.length, 1, 'it is told once')
  t.same(stdout.trim().split('\n'), [
    'off,5',
    // A second after the failure it is tried again.
    '45,5,45',
    '45,5,45',
  ])
})
