'use strict'
// A connection that no JavaScript opens: c-ares asks a name server by TCP, after an answer by UDP
// that says it was cut short. Prints, as ways.cjs of the tests does, what the kernel has on it.
const dgram = require('node:dgram')
const { Resolver } = require('node:dns')
const { once } = require('node:events')
const net = require('node:net')
const { optionsTo } = require('../../test/fixtures/kernel-options.cjs')

const HOST = '127.0.0.1'
/** In the third byte of an answer (RFC 1035, 4.1.1): it is an answer, and truncated. */
const ANSWER = 0x80
const TRUNCATED = 0x02

async function main() {
  const byTcp = net.createServer().listen(0, HOST)
  await once(byTcp, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (byTcp.address())
  const byUdp = dgram.createSocket('udp4').bind(port, HOST)
  byUdp.on('message', (message, { port, address }) => {
    message[2] |= ANSWER | TRUNCATED
    byUdp.send(message, port, address)
  })
  const resolver = new Resolver()
  resolver.setServers([`${HOST}:${port}`])
  resolver.resolve4('name.test', () => {})
  const [connection] = await once(byTcp, 'connection')
  await once(connection, 'data')
  const looks = [{ way: 'native code: c-ares', moment: 'in flight', options: optionsTo(port) }]
  process.stdout.write(`${JSON.stringify(looks)}\n`, () => process.exit())
}

main()
