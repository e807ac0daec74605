'use strict'
// The inside of the bench: runs parts in the namespaces that bench.cjs made, and prints their
// results as JSON. Its first argument is {parts, hook, packages, options} as JSON.
const { contenders } = require('./contenders.cjs')
const { FAILED } = require('./enclosure.cjs')
const { machine } = require('./machine.cjs')
const { parts } = require('./parts.cjs')

async function main({ names, hook, packages, options }) {
  const about = machine()
  const all = contenders({ hook, packages })
  const results = {}
  for (const name of names) {
    const began = process.uptime()
    process.stderr.write(`${name} ...`)
    results[name] = await parts[name].measure({ contenders: all, machine: about, ...options })
    results[name].seconds = Math.round(process.uptime() - began)
    process.stderr.write(` ${results[name].seconds} s\n`)
  }
  const described = Object.values(all).map(({ name, version, settings, cannot }) => [
    name,
    { version, settings, cannot },
  ])
  return { machine: about, contenders: Object.fromEntries(described), parts: results }
}

// The end of bench.cjs is the end of this, and with it, as the first process of its PID namespace,
// of all that it started.
process.stdin.on('end', () => process.exit(1)).resume()
main(JSON.parse(process.argv[2])).then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit()),
  (error) => {
    console.error(error)
    process.exit(FAILED)
  },
)
