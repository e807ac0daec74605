'use strict'
// Patches connect as others do, and takes the patches off again.
const net = require('node:net')
const { log, patchAs } = require('./patch-early.cjs')

const { prototype } = net.Socket

const [port] = process.argv.slice(2)
const once = (path) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(`GET /patches/${path}/net HTTP/1.0\r\n\r\n`)
    })
    socket.resume().on('close', resolve)
  })
const main = async () => {
  await once('plain')
  const undo = patchAs('after')
  await once('patched')
  const undoSecond = patchAs('second')
  await once('twice')
  undoSecond()
  undo()
  await once('undone')
  // As shimmer and sinon do it: by the descriptor.
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'connect')
  Object.defineProperty(prototype, 'connect', {
    ...descriptor,
    value: new Proxy(descriptor.value, {
      apply(target, self, args) {
        log.push(['proxy', args.length])
        return Reflect.apply(target, self, args)
      },
    }),
  })
  await once('proxied')
  Object.defineProperty(prototype, 'connect', descriptor)
  console.log(log)
}
main()
