'use strict'
// The file system is replaced at the first connection, as tests do; the hook loads its rest then.
const net = require('node:net')

const [port, how] = process.argv.slice(2)

/** Puts other functions into fs; the returned function takes them out again. */
function replace(functions) {
  const real = require('node:fs')
  const saved = Object.fromEntries(Object.keys(functions).map((name) => [name, real[name]]))
  Object.assign(real, functions)
  return () => Object.assign(real, saved)
}

const mocks = {
  'mock-fs': () => {
    const mock = require('mock-fs')
    mock({ '/nothing': '' })
    return () => mock.restore()
  },
  memfs: () => {
    const { fs } = require('memfs')
    const real = require('node:fs')
    const names = Object.keys(real).filter(
      (name) => /^[a-z]/.test(name) && typeof fs[name] === 'function',
    )
    return replace(Object.fromEntries(names.map((name) => [name, fs[name]])))
  },
  'fs that throws': () => {
    const real = require('node:fs')
    const names = Object.keys(real).filter((name) => /^(read|stat|lstat|realpath)/.test(name))
    const refuse = () => {
      throw new Error('The program has no files.')
    }
    return replace(Object.fromEntries(names.map((name) => [name, refuse])))
  },
}

const restore = mocks[how]()
const ask = (path, then) => {
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
  })
  socket.resume().on('close', then)
}

ask('/mocked/first/net', () => {
  restore()
  // Whoever tries again does not do so at every connection.
  setTimeout(() => ask('/mocked/restored/net', () => console.log('restored')), 1_500)
})
