'use strict'
// A second preload: writes what report() says as a line of JSON to descriptor 3 at each SIGUSR2.
const { writeSync } = require('node:fs')
const { join } = require('node:path')

process.on('SIGUSR2', () => {
  try {
    const { report } = require(join(__dirname, '..', '..', 'dist', 'index.js'))
    writeSync(3, `${JSON.stringify(report())}\n`)
  } catch (error) {
    writeSync(3, `${JSON.stringify({ thrown: error.stack })}\n`)
  }
})
// From now on the signal does not end the process.
writeSync(3, 'ready\n')
