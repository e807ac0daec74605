'use strict'
const { readFileSync } = require('node:fs')
const ports = require('./ports.cjs')

/**
 * Counts what the NAT forwards on the idle connections to each address, by direction: packets, and
 * bytes of IP. What leaves for the server is a probe, what comes back is the answer to one.
 */
async function countAtGateway(lab, addresses) {
  const rules = addresses.flatMap((address, i) => [
    `ip daddr ${address} tcp dport ${ports.held} counter name probes${i}`,
    `ip saddr ${address} tcp sport ${ports.held} counter name answers${i}`,
  ])
  const counters = addresses.flatMap((_, i) => [
    `counter probes${i} { }`,
    `counter answers${i} { }`,
  ])
  await run(lab, 'nat', ['nft', '-f', '-'], {
    input: `
table ip soak {
  ${counters.join('\n  ')}
  chain forwarding {
    type filter hook forward priority -5;
    ${rules.join('\n    ')}
  }
}
`,
  })
  return async () => {
    const listing = await run(lab, 'nat', ['nft', '-j', 'list', 'counters', 'table', 'ip', 'soak'])
    const seen = JSON.parse(listing).nftables.flatMap(({ counter }) => counter ?? [])
    const of = (name) => {
      const { packets, bytes } = seen.find((counter) => counter.name === name)
      return { packets, bytes }
    }
    return addresses.map((_, i) => ({ probes: of(`probes${i}`), answers: of(`answers${i}`) }))
  }
}

/** The probes that the client's kernel says it has sent, on all of its connections. */
async function probesOfKernel(lab) {
  const text = await run(lab, 'client', ['cat', '/proc/net/netstat'])
  const [names, figures] = text.split('\n').filter((line) => line.startsWith('TcpExt:'))
  return Number(figures.split(' ')[names.split(' ').indexOf('TCPKeepAlive')])
}

/** How many of the idle connections to each address the NAT knows. */
async function countFlows(lab, addresses) {
  const flows = await lab.flows()
  return addresses.map(
    (address) =>
      flows.filter(
        (flow) =>
          flow.includes(' ESTABLISHED ') &&
          // The first address and port in the line are those of the packet that opened it.
          new RegExp(`^[^=]*src=\\S+ dst=${address} sport=\\d+ dport=${ports.held} `).test(flow),
      ).length,
  )
}

/** The packets that this machine has dropped, all namespaces together, because a queue was full. */
function droppedByMachine() {
  // Column 2 of each processor's line, in hexadecimal.
  const lines = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n')
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[1], 16), 0)
}

async function run(lab, where, argv, options) {
  const { code, stdout, stderr } = await lab.run(where, argv, { cwd: '/', ...options })
  if (code === 0) return stdout
  throw new Error(`The command "${argv[0]}" failed in the lab: ${stderr.trim()}`)
}

module.exports = { countAtGateway, countFlows, droppedByMachine, probesOfKernel }
