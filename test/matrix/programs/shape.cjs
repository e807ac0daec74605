'use strict'
// Prints all by which a program could tell a patched method from Node's own.
const { Socket } = require('node:net')

for (const name of ['connect', 'setKeepAlive']) {
  const { value, ...descriptor } = Object.getOwnPropertyDescriptor(Socket.prototype, name)
  console.log(name, value.name, value.length, descriptor, Object.getOwnPropertyNames(value).sort())
}
console.log(Object.keys(Socket.prototype), Object.keys(globalThis), Object.keys(process.env))
class Mine extends Socket {}
const mine = new Mine()
console.log(mine instanceof Socket, mine.setKeepAlive(true) === mine, Object.keys(mine).sort())
try {
  mine.setKeepAlive(true, Symbol('s'))
} catch (error) {
  console.log(error.name, error.message)
}
