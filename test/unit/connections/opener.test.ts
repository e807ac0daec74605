import { runInThisContext } from 'node:vm'
import t from 'tap'
import { captureTrail, type Opener, openerOf, sampledFrom } from '../../../src/connections/opener'
import { trailOf } from '../../../src/connections/opener-trail'
import { runNode } from '../../run-node'

/** The opener of a stack of these files, innermost first. */
function opened(...files: readonly string[]): Opener {
  const frames = files.map((file) => ({
    getFileName: () => file,
    getLineNumber: () => 7,
    getColumnNumber: () => 1,
    isEval: () => false,
    getScriptNameOrSourceURL: () => undefined,
  }))
  return openerOf(trailOf(frames, 1))
}

t.test('an opener is plain data as soon as it is looked at', (t) => {
  const data = { place: '/plain/x.js:7', package: 'pg' }
  const openers = ['place', 'package', 'spread', 'json'].map((name) =>
    opened('/m/node_modules/pg/i.js', `/plain/${name}.js`),
  )
  const [byPlace, byPackage, bySpread, byJson] = openers as [Opener, Opener, Opener, Opener]
  t.equal(byPlace.place, '/plain/place.js:7')
  t.equal(byPackage.package, 'pg')
  t.strictSame({ ...bySpread }, { ...data, place: '/plain/spread.js:7' })
  t.equal(JSON.stringify(byJson), JSON.stringify({ ...data, place: '/plain/json.js:7' }))
  for (const opener of openers) {
    for (const name of ['place', 'package'] as const) {
      t.type(Object.getOwnPropertyDescriptor(opener, name)?.value, 'string')
    }
  }
  t.end()
})

t.test('sockets of one place share one object', (t) => {
  const one = opened('/shared/node_modules/pg/i.js', '/shared/x.js')
  t.equal(opened('/other/node_modules/pg/i.js', '/shared/x.js'), one)
  t.not(opened('/shared/x.js'), one)
  t.equal(sampledFrom(one), sampledFrom(one))
  t.strictSame({ ...sampledFrom(one) }, { place: '/shared/x.js:7', package: 'pg', sampled: true })
  t.notOk('sampled' in one)
  t.end()
})

t.test('where nothing is known there is one object too', (t) => {
  t.same(opened('node:net'), { place: null, package: null })
  t.equal(opened('node:net'), opened())
  t.end()
})

t.test('places without end are read and not kept', (t) => {
  const read = (index: number) => opened(`/generated/${index}.js`)
  for (let index = 0; index < 5_000; index++) read(index)
  t.same({ ...read(4_999) }, { place: '/generated/4999.js:7', package: null })
  t.not(read(4_999), read(4_999), 'the last of them is not kept')
  t.end()
})

/** Connects as the wrapped method would: the stack below `connect` is looked at. */
function connect(): Opener {
  return openerOf(captureTrail(connect))
}

t.test('a real capture names the caller of the wrapper, by the line of its source', (t) => {
  const [opener, { stack = '' }] = [connect(), new Error('here')]
  t.equal(opener.place, /\((.*):\d+\)|at (.*):\d+$/.exec(stack.split('\n')[1] ?? '')?.[1])
  t.equal(opener.package, null)
  t.end()
})

t.test(
  'no frame of Node itself is taken for the program, on whatever way it was reached',
  async (t) => {
    const script = `
    const net = require('node:net')
    const { captureTrail, openerOf } = require('./dist/connections/opener.js')
    const places = new Set()
    const original = net.Socket.prototype.connect
    net.Socket.prototype.connect = function connect(...args) {
      places.add(openerOf(captureTrail(connect)).place)
      return original.apply(this, args)
    }
    process.on('uncaughtException', () => {})
    net.connect(1)
    require('node:tls').connect(1)
    require('node:http').get({ port: 1 })
    require('node:https').get({ port: 1 })
    require('node:http2').connect('http://127.0.0.1:1')
    process.nextTick(() => net.connect(1))
    setImmediate(() => net.connect(1))
    fetch('http://127.0.0.1:65531').catch(() => {})
    process.on('beforeExit', () => {
      console.log(places.size, [...places].filter((place) => !/^\\[eval\\]:\\d+$/.test(place)))
    })`
    const { stdout } = await runNode(['-e', script])
    t.equal(stdout, '8 []\n')
  },
)

t.test('a deep stack of packages still reaches the program', (t) => {
  const deep = runInThisContext(
    '(function deep(n, open) { return n ? deep(n - 1, open) : open() })',
    { filename: '/app/node_modules/deep/index.js' },
  ) as (depth: number, open: typeof connect) => Opener
  for (const depth of [1, 14, 15, 16, 30]) {
    const opener = deep(depth, connect)
    t.match(opener.place, /opener\.test\.ts:\d+$/, `${depth} calls`)
    t.equal(opener.package, 'deep', `${depth} calls`)
  }
  t.equal(deep(60, connect).place, null)
  t.end()
})

t.test('without source maps the stack is looked at in parts, with the same outcome', async (t) => {
  const script = `
    const { captureTrail, openerOf } = require('./dist/connections/opener.js')
    const { runInThisContext } = require('node:vm')
    const filename = '/app/node_modules/deep/index.js'
    const deep = runInThisContext('(function deep(n, open) { return n ? deep(n - 1, open) : open() })', { filename })
    const limits = []
    const { captureStackTrace } = Error
    Error.captureStackTrace = (...args) => {
      limits.push(Error.stackTraceLimit)
      captureStackTrace(...args)
    }
    function connect() { return openerOf(captureTrail(connect)) }
    const seen = [connect(), deep(5, connect), deep(30, connect), deep(60, connect)]
    console.log(JSON.stringify([seen, limits]))`
  const { stdout, stderr } = await runNode(['-e', script])
  t.equal(stderr, '')
  const place = '[eval]:13'
  t.same(JSON.parse(stdout), [
    [
      { place, package: null },
      { place, package: 'deep' },
      { place, package: 'deep' },
      { place: null, package: 'deep' },
    ],
    [16, 16, 16, 40, 16, 40],
  ])
})

t.test('an opener holds nothing of the stack that it was read from', async (t) => {
  const script = `
    const { captureTrail, openerOf } = require('./dist/connections/opener.js')
    class Client {
      open() { return function connect() { return openerOf(captureTrail(connect)) }.call(this) }
    }
    const openers = []
    const clients = []
    for (let index = 0; index < 50; index++) {
      const client = new Client()
      openers.push(client.open())
      clients.push(new WeakRef(client))
    }
    setTimeout(() => {
      gc()
      console.log(openers.length, clients.filter((client) => client.deref()).length)
    })`
  const { stdout, stderr } = await runNode(['--expose-gc', '-e', script])
  t.equal(stderr, '')
  t.equal(stdout, '50 0\n')
})
