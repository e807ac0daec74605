'use strict'
// Draws the pictures of the README, for light and dark backgrounds, into docs/pictures: a request
// through a NAT out of bench/pictures/captured.json, and what the hook costs out of bench/results.json.
// Usage: node bench/pictures.cjs [--capture]
// --capture, after npm run build, plays the request in the NAT laboratory again first, while tcpdump
// listens (apt-get install -y tcpdump conntrack), and writes bench/pictures/captured.json.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { parseArgs } = require('node:util')
const { draw } = require('./pictures/draw.cjs')

const CAPTURED = join(__dirname, 'pictures/captured.json')
const RESULTS = join(__dirname, 'results.json')
const PICTURES = join(__dirname, '../docs/pictures')

async function main() {
  const { values } = parseArgs({ options: { capture: { type: 'boolean', default: false } } })
  if (values.capture) await captureAgain()
  const captured = JSON.parse(readFileSync(CAPTURED, 'utf8'))
  const results = JSON.parse(readFileSync(RESULTS, 'utf8'))
  mkdirSync(PICTURES, { recursive: true })
  for (const [file, svg] of Object.entries(draw({ captured, results }))) {
    writeFileSync(join(PICTURES, file), svg)
  }
}

async function captureAgain() {
  // Drawing needs nothing that has to be built.
  const { catchInterruption } = require('../dist/terminal/interruption.js')
  const { capture } = require('./pictures/capture.cjs')
  const interruption = catchInterruption()
  try {
    writeFileSync(CAPTURED, lineByLine(await capture(interruption.signal)))
  } catch (error) {
    if (interruption.code === null) throw error
    process.exit(interruption.code)
  } finally {
    interruption.release()
  }
}

/** JSON with each packet on a line of its own. */
function lineByLine(captured) {
  const json = JSON.stringify(captured, null, 2)
  const innermost = /\{[^{}]*\}/g
  return `${json.replace(innermost, (object) => object.replace(/\s+/g, ' '))}\n`
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
