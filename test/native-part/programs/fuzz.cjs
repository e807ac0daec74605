'use strict'
// fuzz.cjs ADDON CALLS SEED: calls the functions of the addon with garbage, and prints as JSON how
// often and what came of it. Arguments that are wrong have to be -EINVAL, which is judged here by
// rules written anew, and nothing may be written outside of the array that is given.
const { closeSync } = require('node:fs')
const dgram = require('node:dgram')
const net = require('node:net')
const { types } = require('node:util')

const [addon = '', calls = '1000', seed = '1'] = process.argv.slice(2)
const module_ = { exports: {} }
process.dlopen(module_, addon)
const part = module_.exports

const EINVAL = -22
const PATTERN = 0xa5
const GUARD = 512

let state = Number(seed) >>> 0
/** A whole number from 0 to below `limit`: xorshift. */
function random(limit) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % limit
}
const pick = (list) => list[random(list.length)]

const whole = (value, least, most) => Number.isInteger(value) && value >= least && value <= most
const fd = (value) => whole(value, 0, 0x7fffffff)
const schedule = (value, most) => whole(value, -1, most) && value !== 0

/** Whether arguments are what the function takes. */
const rules = {
  setKeepalive: ([a, b, c, d, e, f]) =>
    fd(a) &&
    whole(b, 0, 1) &&
    schedule(c, 32_767) &&
    schedule(d, 32_767) &&
    schedule(e, 127) &&
    whole(f, -1, 0x7fffffff),
  readSocket: ([a, b]) => fd(a) && types.isUint32Array(b) && b.length >= 64,
  openDump: ([a, b]) => (a === 2 || a === 10) && whole(b, 0, 0xffff),
  receiveDump: ([a, b]) => fd(a) && types.isUint8Array(b) && b.length >= 8_192,
  closeDump: ([a]) => fd(a),
  openProcess: ([a]) => whole(a, 1, 0x7fffffff),
  takeDescriptor: ([a, b]) => fd(a) && fd(b),
}
const names = Object.keys(rules)

const numbers = [
  ...[-1, 0, 1, 2, 3, 4, 5, 10, 64, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 + 5, 2 ** 53, -(2 ** 53), 1e308, -1e308],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.5, 5e-324, 7.000001],
]
const others = [
  ...[undefined, null, true, false, '', '5', 'text', 5n, -1n, Symbol('s'), {}, [], [5], () => 5],
  ...[new Number(5), new Date(5), /x/, new Map(), new Proxy({}, {}), Object.create(null)],
  ...[{ length: 8192 }, new DataView(new ArrayBuffer(9000)), new ArrayBuffer(9000)],
  {
    valueOf: () => {
      throw new Error('nobody asks for a value')
    },
  },
]
const kinds = Object.getOwnPropertyNames(globalThis).filter((name) =>
  /^\w+\d(Clamped)?Array$/.test(name),
)
const lengths = [0, 1, 2, 63, 64, 65, 70, 1_000, 8_191, 8_192, 8_193, 20_000]

const memory = new ArrayBuffer(200_000)
const shared = new SharedArrayBuffer(200_000)
const wasm = new WebAssembly.Memory({ initial: 4, maximum: 8 })
const intact = Buffer.alloc(GUARD, PATTERN)
for (const buffer of [memory, shared, wasm.buffer]) new Uint8Array(buffer).fill(PATTERN)

/** A typed array with a guarded strip on each side, in one of three kinds of memory. */
function guarded() {
  const Kind = globalThis[random(3) === 0 ? pick(kinds) : pick(['Uint8Array', 'Uint32Array'])]
  const buffer = pick([memory, memory, shared, wasm.buffer])
  const offset = GUARD + 8 * random(100)
  return new Kind(buffer, offset, pick(lengths))
}

function detached() {
  const array = new (pick([Uint8Array, Uint32Array]))(10_000)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

/** A view of memory that shrinks under it, where this Node has such memory. */
function shrunk() {
  const buffer = new ArrayBuffer(80_000, { maxByteLength: 80_000 })
  const Kind = pick([Uint8Array, Uint32Array])
  const array = random(2) === 0 ? new Kind(buffer) : new Kind(buffer, 8, 9_000)
  buffer.resize?.(pick([0, 8, 100, 8_200, 40_000]))
  return array
}

/** Made beforehand, because to make them takes long. */
const gone = Array.from({ length: 20 }, detached).concat(Array.from({ length: 40 }, shrunk))

function argument() {
  const kind = random(100)
  if (kind < 35) return pick(descriptors)
  if (kind < 60) return pick(numbers)
  if (kind < 90) return guarded()
  return pick(kind < 97 ? others : gone)
}

/** Arguments as the function takes them, more or less, so that more than its first check is reached. */
function argumentsFor(name) {
  const descriptor = () => (random(4) === 0 ? pick(descriptors) : pick(meant[name]()))
  const array = (Kind, least) => new Kind(pick([memory, shared]), GUARD, least + random(3))
  const right = {
    setKeepalive: () => [
      descriptor(),
      random(2),
      ...[-1, 0, 1, 2].map(() => pick([-1, 1, 20, 127])),
    ],
    readSocket: () => [descriptor(), array(Uint32Array, 64)],
    openDump: () => [pick([2, 10]), random(0x10000)],
    receiveDump: () => [descriptor(), array(Uint8Array, 8_192)],
    closeDump: () => [descriptor()],
    openProcess: () => [pick([process.pid, 2, 999_999])],
    takeDescriptor: () => [descriptor(), pick(descriptors)],
  }[name]()
  const wrong = [0, 0, 1, 1, 2, 9][random(6)]
  for (let count = 0; count < wrong; count++) right[random(right.length)] = argument()
  return random(20) === 0 ? right.slice(0, random(7)) : right
}

function isIntact(array) {
  const bytes = Buffer.from(array.buffer)
  const end = array.byteOffset + array.byteLength
  return (
    bytes.compare(intact, 0, GUARD, array.byteOffset - GUARD, array.byteOffset) === 0 &&
    bytes.compare(intact, 0, GUARD, end, end + GUARD) === 0
  )
}

/** Descriptors that calls have opened; the oldest go. */
const opened = { openDump: [], openProcess: [], takeDescriptor: [] }

function keep(name, result, given) {
  if (result < 0) return
  if (name === 'closeDump') forget(given[0])
  if (!(name in opened)) return
  opened[name].push(result)
  descriptors.push(result)
  if (opened[name].length <= 8) return
  const oldest = opened[name][0]
  forget(oldest)
  closeSync(oldest)
}

function forget(closed) {
  for (const list of [descriptors, ...Object.values(opened)]) {
    if (list.includes(closed)) list.splice(list.indexOf(closed), 1)
  }
}

let descriptors = []
let tcp = []
const orAny = (list) => (list.length > 0 ? list : descriptors)
/** What each function is meant for. */
const meant = {
  setKeepalive: () => tcp,
  readSocket: () => tcp,
  receiveDump: () => orAny(opened.openDump),
  closeDump: () => orAny(opened.openDump),
  takeDescriptor: () => orAny(opened.openProcess),
}
const seen = Object.fromEntries(names.map((name) => [name, { calls: 0, invalid: 0, done: 0 }]))
function call(name) {
  const given = argumentsFor(name)
  const result = part[name](...given)
  const tally = seen[name]
  tally.calls++
  if (!Number.isInteger(result)) throw new Error(`${name} returned ${String(result)}`)
  const valid = rules[name](given)
  if (!valid && result !== EINVAL) {
    throw new Error(`${name}(${given.map(String)}) returned ${result} for wrong arguments`)
  }
  if (!valid) tally.invalid++
  if (result >= 0) tally.done++
  for (const array of given) {
    if (!ArrayBuffer.isView(array) || ![memory, shared, wasm.buffer].includes(array.buffer))
      continue
    if (!isIntact(array)) throw new Error(`${name} wrote outside of its ${array.constructor.name}`)
    if (name === 'readSocket' || name === 'receiveDump') {
      Buffer.from(array.buffer, array.byteOffset, array.byteLength).fill(PATTERN)
    }
  }
  keep(name, result, given)
}

const server = net.createServer((socket) => socket.resume())
server.listen(0, '127.0.0.1', () => {
  const udp = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1', () => {
      // Its own sockets, its standard streams, a few that may be anything, and one that is closed.
      descriptors = [client._handle.fd, client._handle.fd, server._handle.fd, 0, 1, 2, 3, 7, 999]
      tcp = [client._handle.fd, server._handle.fd]
      for (let left = Number(calls); left > 0; left--) {
        // Those that open or close something less often: they take the kernel longest.
        call(pick(random(8) === 0 ? names : ['setKeepalive', 'readSocket', 'receiveDump']))
        if (left % 100_000 === 50_000) wasm.grow(0)
        if (left % 100_000 === 50_000) new Uint8Array(wasm.buffer).fill(PATTERN)
      }
      console.log(JSON.stringify(seen))
      process.exit()
    })
  })
  udp.unref()
})
