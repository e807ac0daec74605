'use strict'
const { createInterface } = require('node:readline')

/**
 * Answers each line of standard input, a JSON value, with what `handle` makes of it, as a line of
 * JSON. Ends the process with the end of the input, whatever is open, after `leave`.
 */
function answerLines(handle, leave = () => {}) {
  const lines = createInterface({ input: process.stdin })
  lines.on('close', async () => {
    await leave()
    process.exit()
  })
  lines.on('line', async (line) => say(await handle(JSON.parse(line))))
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

module.exports = { answerLines, say }
