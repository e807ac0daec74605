import t from 'tap'
import { root, runNode } from '../run-node'

// Counters and messages as a program gets them, CommonJS or ESM.

const body = `
  const said = []
  for (const [name, channel] of Object.entries(channels)) {
    channel.subscribe((message, from) => said.push([name, from, Object.keys(message).sort().join(), message.code]))
  }
  const before = counters()
  const uninstall = install()
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, () => {
    const { port } = server.address()
    const open = (options) => new Promise((done) => {
      const socket = net.connect({ port, ...options }, () => done(socket))
    })
    const read = fs.readFileSync
    let asked = 0
    Promise.all([open(), open(), open({ keepAlive: true, keepAliveInitialDelay: 1000 }), open()]).then(async ([a, b, c, d]) => {
      a.setKeepAlive(false)
      exempt(b)
      d.destroy()
      await new Promise((done) => d.once('close', done))
      for (const name of ['readFileSync', 'openSync', 'readSync', 'open', 'read']) {
        const was = fs[name]
        fs[name] = (...args) => { asked++; return was(...args) }
      }
      const during = counters()
      await new Promise((done) => setTimeout(done, 300))
      const later = counters()
      uninstall()
      console.log(JSON.stringify({ before, during, later, after: counters(), asked, said }))
      process.exit()
    })
  })`

const names = '{ channels, counters, exempt, install }'
const programs = {
  CommonJS: [
    '-e',
    `const net = require('node:net'), fs = require('node:fs')
     const ${names} = require(${JSON.stringify(root)});${body}`,
  ],
  ESM: [
    '--input-type=module',
    '-e',
    `import net from 'node:net'; import fs from 'node:fs'
     import ${names} from ${JSON.stringify(`${root}/dist/index.js`)};${body}`,
  ],
}

for (const [kind, args] of Object.entries(programs)) {
  t.test(`what is counted, from ${kind}`, async (t) => {
    const { stdout, stderr } = await runNode(args, {
      env: {
        NAT_KEEPALIVE_LIMIT: '4s',
        NAT_KEEPALIVE_IDLE_WARN: '200ms',
        NAT_KEEPALIVE_AUDIT: '1h',
      },
    })
    const { before, during, later, after, asked, said } = JSON.parse(stdout || stderr)
    t.strictSame([before, after], [null, null], 'without a hook nothing is known')
    t.strictSame(during, {
      opened: 4,
      open: 3,
      protected: 2,
      idle: 0,
      overridden: 1,
      dying: 0,
      lost: { NKA301: 0, NKA302: 0, NKA303: 0 },
    })
    t.strictSame(later, { ...during, idle: 3 })
    t.equal(asked, 0, 'no file was read')
    const shape = 'code,data,message'
    const of = (name: string, code: string | null) => [name, `nat-keepalive:${name}`, shape, code]
    t.strictSame(
      said.filter(([name]: [string]) => name === 'override'),
      [of('override', 'NKA204')],
    )
    const protect = said.filter(([name]: [string]) => name === 'protect')
    t.strictSame(
      protect,
      [1, 2, 3, 4].map(() => of('protect', null)),
    )
  })
}
