'use strict'
// Asks the server and throws when the answer is there, through an asynchronous stack.
const { main } = require('./client.cjs')

async function ask() {
  await main(Number(process.argv[2]), 'main', ['net', 'http'])
  throw new Error('after its answer')
}

ask()
