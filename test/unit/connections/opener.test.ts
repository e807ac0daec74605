import { runInThisContext } from 'node:vm'
import t from 'tap'
import { captureTrace, type Opener, openerOf, readTrace } from '../../../src/connections/opener'
import { runNode } from '../../run-node'

type Line = string | null | undefined | readonly [file: string, line: number | null]

/** Frames as V8 gives them, innermost first; line 7 where none is named. */
function frames(lines: readonly Line[]): Parameters<typeof openerOf>[0] {
  return lines.map((line) => {
    const [file, number] = Array.isArray(line) ? line : [line, 7]
    return { getFileName: () => file, getLineNumber: () => number }
  })
}

const node = ['node:net', 'node:internal/net', 'node:_http_agent']

t.test('finds the place and the package nearest to it', (t) => {
  const table: readonly [string, readonly Line[], string | null, string | null][] = [
    ['no frames', [], null, null],
    ['only Node', node, null, null],
    ['the program itself', [...node, ['/app/server.js', 12]], '/app/server.js:12', null],
    ['the innermost frame of the program', ['/app/db.js', '/app/index.js'], '/app/db.js:7', null],
    ['a package', [...node, '/app/node_modules/pg/lib/a.js', '/app/x.js'], '/app/x.js:7', 'pg'],
    [
      'of several packages the one that the program called',
      ['/app/node_modules/pg/a.js', '/app/node_modules/pg-pool/b.js', '/app/x.js'],
      '/app/x.js:7',
      'pg-pool',
    ],
    [
      'packages further out do not matter',
      ['/app/node_modules/pg/a.js', '/app/x.js', '/app/node_modules/express/b.js'],
      '/app/x.js:7',
      'pg',
    ],
    [
      'Node between the frames',
      ['/app/node_modules/ws/a.js', 'node:events', '/b.js'],
      '/b.js:7',
      'ws',
    ],
    [
      'only packages: the outermost',
      ['/m/node_modules/a/i.js', '/m/node_modules/b/i.js'],
      null,
      'b',
    ],
    ['a nested package', ['/a/node_modules/b/node_modules/c/i.js', '/x.js'], '/x.js:7', 'c'],
    [
      'a scoped package',
      ['/a/node_modules/@aws-sdk/client-s3/i.js', '/x.js'],
      '/x.js:7',
      '@aws-sdk/client-s3',
    ],
    [
      'a scoped package nested in a scoped one',
      ['/a/node_modules/@b/c/node_modules/@d/e/i.js', '/x.js'],
      '/x.js:7',
      '@d/e',
    ],
    [
      'pnpm',
      ['/a/node_modules/.pnpm/pg@8.11.3/node_modules/pg/lib/i.js', '/x.js'],
      '/x.js:7',
      'pg',
    ],
    [
      'pnpm, scoped and with peers',
      ['/a/node_modules/.pnpm/@redis+client@1.6.0_x@2/node_modules/@redis/client/i.js', '/x.js'],
      '/x.js:7',
      '@redis/client',
    ],
    [
      'Yarn PnP, in an archive',
      ['/a/.yarn/cache/pg-npm-8.11.3-0c6d.zip/node_modules/pg/lib/i.js', '/x.js'],
      '/x.js:7',
      'pg',
    ],
    [
      'Yarn PnP, virtual',
      [
        '/a/.yarn/__virtual__/pg-virtual-0a1b/0/cache/pg-npm-8-0c.zip/node_modules/pg/i.js',
        '/x.js',
      ],
      '/x.js:7',
      'pg',
    ],
    [
      'Yarn PnP, unplugged',
      ['/a/.yarn/unplugged/bcrypt-npm-5-ab/node_modules/bcrypt/i.js', '/x.js'],
      '/x.js:7',
      'bcrypt',
    ],
    [
      'a folder that is only called like it',
      ['/app/my_node_modules/pg/i.js'],
      '/app/my_node_modules/pg/i.js:7',
      null,
    ],
    ['a program in a folder with blanks', ['/my app/x y.js'], '/my app/x y.js:7', null],
    ['Windows', ['C:\\app\\node_modules\\pg\\i.js', 'C:\\app\\x.js'], 'C:\\app\\x.js:7', 'pg'],
    [
      'Windows, scoped',
      ['C:\\a\\node_modules\\@b\\c\\i.js', 'C:\\a\\x.js'],
      'C:\\a\\x.js:7',
      '@b/c',
    ],
    ['Windows, a share', ['\\\\host\\share\\x.js'], '\\\\host\\share\\x.js:7', null],
    ['undefined names (eval)', [undefined, '/x.js'], '/x.js:7', null],
    ['null names (native)', [null, '/x.js'], '/x.js:7', null],
    ['empty names', ['', '/x.js'], '/x.js:7', null],
    ['nothing but undefined names', [undefined, null, ''], null, null],
    ['code of the command line', [...node, ['[eval]', 3]], '[eval]:3', null],
    [
      'code without a file',
      [['evalmachine.<anonymous>', 1], '/x.js'],
      'evalmachine.<anonymous>:1',
      null,
    ],
    ['a program whose name starts like a builtin', ['/x/node:net.js'], '/x/node:net.js:7', null],
    ['a file called internal', ['/app/internal/x.js'], '/app/internal/x.js:7', null],
    ['a frame without a line', [['/x.js', null]], '/x.js:?', null],
    ['a bundle', ['webpack://app/./src/db.ts'], 'webpack://app/./src/db.ts:7', null],
  ]
  for (const [name, lines, place, packageName] of table) {
    t.same(openerOf(frames(lines)), { place, package: packageName }, name)
  }
  t.end()
})

t.test(
  'reads file URLs as paths',
  { skip: process.platform === 'win32' && 'paths of POSIX' },
  (t) => {
    const table: readonly [string, string][] = [
      ['file:///app/x.mjs', '/app/x.mjs:7'],
      ['file:///my%20app/x.mjs', '/my app/x.mjs:7'],
      ['file:///100%25/x.mjs', '/100%/x.mjs:7'],
      ['file:///caf%C3%A9/x.mjs', '/café/x.mjs:7'],
      ['file:///app/x.mjs?v=1#top', '/app/x.mjs:7'],
      ['file:///bad%zz/x.mjs', 'file:///bad%zz/x.mjs:7'],
      ['file:///bad%2Fslash/x.mjs', 'file:///bad%2Fslash/x.mjs:7'],
      ['file://host/app/x.mjs', 'file://host/app/x.mjs:7'],
    ]
    for (const [file, place] of table) {
      t.same(openerOf(frames([file])), { place, package: null }, file)
    }
    const url = 'file:///my%20app/node_modules/@b/c%2Dd/i.mjs'
    t.same(openerOf(frames([url, '/x.js'])), { place: '/x.js:7', package: '@b/c-d' })
    t.end()
  },
)

t.test('sockets of one place share one object', (t) => {
  const one = openerOf(frames(['/shared/node_modules/pg/i.js', '/shared/x.js']))
  t.equal(openerOf(frames(['/other/node_modules/pg/i.js', '/shared/x.js'])), one)
  t.not(openerOf(frames(['/shared/x.js'])), one)
  t.end()
})

t.test('places without end are read and not kept', (t) => {
  const read = (index: number) => openerOf(frames([`/generated/${index}.js`]))
  for (let index = 0; index < 5_000; index++) read(index)
  t.same(read(4_999), { place: '/generated/4999.js:7', package: null })
  t.not(read(4_999), read(4_999), 'the last of them is not kept')
  t.end()
})

/** Connects as the wrapped method would: the stack below `connect` is looked at. */
function connect(): ReturnType<typeof captureTrace> {
  return captureTrace(connect)
}

function read(trace: ReturnType<typeof captureTrace>): Opener {
  if (trace === null) throw new Error('No trace was captured.')
  return readTrace(trace)
}

t.test('a real capture names the caller of the wrapper', (t) => {
  const opened = read(connect())
  t.match(opened.place, /opener\.test\.ts:\d+$/)
  t.equal(opened.package, null)
  t.end()
})

t.test(
  'no frame of Node itself is taken for the program, on whatever way it was reached',
  async (t) => {
    const script = `
    const net = require('node:net')
    const { captureTrace, readTrace } = require('./dist/connections/opener.js')
    const places = new Set()
    const original = net.Socket.prototype.connect
    net.Socket.prototype.connect = function connect(...args) {
      places.add(readTrace(captureTrace(connect)).place)
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
    fetch('http://127.0.0.1:1').catch(() => {})
    process.on('beforeExit', () => {
      console.log(places.size, [...places].filter((place) => !/^\\[eval\\]|^null$/.test(place)))
    })`
    const { stdout } = await runNode(['-e', script])
    t.match(stdout, /^[1-9] \[\]\n$/)
  },
)

t.test('a deep stack of packages still reaches the program', (t) => {
  const { stackTraceLimit } = Error
  t.teardown(() => {
    Error.stackTraceLimit = stackTraceLimit
  })
  Error.stackTraceLimit = 1
  const file = '/app/node_modules/deep/index.js'
  const deep = runInThisContext(
    '(function deep(n, open) { return n ? deep(n - 1, open) : open() })',
    {
      filename: file,
    },
  ) as (depth: number, open: typeof connect) => ReturnType<typeof connect>
  const opened = read(deep(30, connect))
  t.match(opened.place, /opener\.test\.ts:\d+$/)
  t.equal(opened.package, 'deep')
  t.equal(Error.stackTraceLimit, 1)
  t.end()
})

function restoreErrorAfter(t: { teardown(undo: () => void): void }): void {
  const before = Object.getOwnPropertyDescriptors(Error) as PropertyDescriptorMap
  t.teardown(() => {
    for (const name of ['prepareStackTrace', 'stackTraceLimit']) {
      delete (Error as unknown as Record<string, unknown>)[name]
      const descriptor = before[name]
      if (descriptor !== undefined) Object.defineProperty(Error, name, descriptor)
    }
  })
}

const prepareOf = () => Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
const limitOf = () => Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')

t.test("the program's own Error.prepareStackTrace is not called and stays", (t) => {
  restoreErrorAfter(t)
  let calls = 0
  const own = () => {
    calls++
    return 'its own'
  }
  const table: readonly [string, PropertyDescriptor][] = [
    ['assigned', { value: own, writable: true, enumerable: true, configurable: true }],
    ['hidden', { value: own, writable: true, enumerable: false, configurable: true }],
    ['no function', { value: 'nonsense', writable: true, enumerable: true, configurable: true }],
    ['undefined', { value: undefined, writable: true, enumerable: true, configurable: true }],
    ['read-only', { value: own, writable: false, enumerable: true, configurable: true }],
  ]
  for (const [name, descriptor] of table) {
    Object.defineProperty(Error, 'prepareStackTrace', descriptor)
    readTrace(connect() ?? {})
    t.same(prepareOf(), descriptor, `${name}: stays`)
    t.equal(calls, 0, `${name}: is not called`)
  }
  delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
  read(connect())
  t.equal(prepareOf(), undefined, 'none: stays away')
  t.end()
})

t.test('an accessor for Error.prepareStackTrace keeps what the program gave it', (t) => {
  restoreErrorAfter(t)
  const own = () => 'its own'
  let current: unknown = own
  const descriptor: PropertyDescriptor = {
    get: () => current,
    set: (value) => {
      current = value
    },
    enumerable: true,
    configurable: true,
  }
  Object.defineProperty(Error, 'prepareStackTrace', descriptor)
  readTrace(connect() ?? {})
  t.same(prepareOf(), descriptor)
  t.equal(current, own)
  t.end()
})

t.test("the program's Error.stackTraceLimit stays as it is", (t) => {
  restoreErrorAfter(t)
  const table: readonly [string, PropertyDescriptor][] = [
    ['0', { value: 0, writable: true, enumerable: true, configurable: true }],
    ['Infinity', { value: Infinity, writable: true, enumerable: true, configurable: true }],
    ['no number', { value: 'ten', writable: true, enumerable: true, configurable: true }],
    ['hidden', { value: 5, writable: true, enumerable: false, configurable: true }],
    ['read-only', { value: 5, writable: false, enumerable: true, configurable: true }],
  ]
  for (const [name, descriptor] of table) {
    Object.defineProperty(Error, 'stackTraceLimit', descriptor)
    readTrace(connect() ?? {})
    t.same(limitOf(), descriptor, name)
  }
  delete (Error as { stackTraceLimit?: unknown }).stackTraceLimit
  connect()
  t.equal(limitOf(), undefined, 'deleted')
  t.end()
})

t.test('a frozen Error costs the opening place and nothing else', async (t) => {
  const script = `
    'use strict'
    const { captureTrace, readTrace } = require('./dist/connections/opener.js')
    const own = () => 'its own'
    Error.prepareStackTrace = own
    Error.stackTraceLimit = 3
    const early = captureTrace(undefined)
    Object.freeze(Error)
    const late = captureTrace(undefined)
    const openers = [early, late].map((trace) => trace && readTrace(trace))
    console.log(JSON.stringify([openers, Error.prepareStackTrace === own, Error.stackTraceLimit]))`
  const { code, stdout, stderr } = await runNode(['-e', script])
  t.equal(stderr, '')
  t.equal(code, 0)
  t.same(JSON.parse(stdout), [[{ place: null, package: null }, null], true, 3])
})

t.test('frozen intrinsics do no harm', async (t) => {
  const script = `
    const { captureTrace, readTrace } = require('./dist/connections/opener.js')
    const trace = captureTrace(undefined)
    if (trace) readTrace(trace)
    console.log('ran')`
  const { stdout, code } = await runNode(['--frozen-intrinsics', '-e', script])
  t.equal(stdout, 'ran\n')
  t.equal(code, 0)
})
