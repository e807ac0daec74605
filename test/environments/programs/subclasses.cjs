'use strict'
// Subclasses of Socket in every style, and what a program can tell of their objects.
const net = require('node:net')
const tls = require('node:tls')
const util = require('node:util')

const [port] = process.argv.slice(2)

class Modern extends net.Socket {
  connect(...args) {
    console.log('Modern.connect', args.length)
    return super.connect(...args)
  }

  setKeepAlive(...args) {
    console.log('Modern.setKeepAlive', args)
    return super.setKeepAlive(...args)
  }
}

function Old(options) {
  net.Socket.call(this, options)
}
util.inherits(Old, net.Socket)

class Unreached extends net.Socket {
  // Connects without the prototype's method being asked by its name.
  connect(...args) {
    return Reflect.apply(net.Socket.prototype.connect, this, args)
  }
}

const proxied = () => new Proxy(new net.Socket(), {})

const sockets = {
  Modern: () => new Modern(),
  Old: () => new Old(),
  Unreached: () => new Unreached(),
  OwnProperty: () => {
    const socket = new net.Socket()
    socket.connect = function connect(...args) {
      return net.Socket.prototype.connect.apply(this, args)
    }
    return socket
  },
  Bare: () => net.Socket(),
}

function ask(name, socket) {
  return new Promise((resolve) => {
    const returned = socket.connect(Number(port), '127.0.0.1', function () {
      console.log(name, this === socket, this.constructor.name)
      this.write(`GET /${name}/net HTTP/1.0\r\n\r\n`)
    })
    console.log(
      name,
      returned === socket,
      socket instanceof net.Socket,
      socket instanceof net.Stream,
      socket instanceof tls.TLSSocket,
      Object.prototype.toString.call(socket),
      Object.keys(socket).length,
    )
    socket.setKeepAlive(true, 5_000)
    socket.setKeepAlive(false)
    socket.resume().on('close', resolve)
  })
}

async function main() {
  for (const [name, make] of Object.entries(sockets)) await ask(name, make())
  const wrong = [[], [{}], [{ port: -1 }], ['no port', 'x'], [null], [{ path: 5 }]]
  for (const args of wrong) {
    try {
      const socket = new net.Socket()
      socket.on('error', (error) => console.log('event', error.code))
      socket.connect(...args)
    } catch (error) {
      console.log(error.name, error.code, error.message)
    }
  }
  for (const self of [undefined, null, 5, {}, proxied()]) {
    for (const method of ['connect', 'setKeepAlive']) {
      try {
        const result = net.Socket.prototype[method].call(self, 9, '127.0.0.1')
        console.log(method, typeof result, result === self)
        result?.on?.('error', () => {})
      } catch (error) {
        console.log(method, error.name, error.message)
      }
    }
  }
}

main()
