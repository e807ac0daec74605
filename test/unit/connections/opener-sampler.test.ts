import { runInThisContext } from 'node:vm'
import t from 'tap'
import type { Opener } from '../../../src/connections/opener'
import { OpenerSampler } from '../../../src/connections/opener-sampler'

type Place = { readonly host: string; readonly port: number }
type Method = 'capture' | 'expect'

const here = { host: 'db', port: 5432 }
const there = { host: 'db', port: 5433 }
const other = (port: number) => ({ host: 'crawled', port })

type From = (
  sampler: OpenerSampler,
  method: Method,
  endpoint: Place,
  now: number,
  done?: (result: unknown) => void,
) => unknown

/** A function at a place of its own that calls the sampler as the wrapped method does. */
function caller(filename: string): From {
  const source = `(function connect(sampler, method, endpoint, now, done) {
    const result = (function wrapper() { return sampler[method](endpoint, now, wrapper) })()
    done?.(result)
    return result
  })`
  return runInThisContext(source, { filename }) as From
}

const inProgram = caller('/app/a.js')
const elsewhere = caller('/app/b.js')
const inPackage = caller('/app/node_modules/pool/index.js')
const inNode = caller('node:internal/timers')

const A = { place: '/app/a.js:2', package: null }
const B = { place: '/app/b.js:2', package: null }

/** The same where the test itself is no part of the stack. */
function alone(from: From, sampler: OpenerSampler, method: Method, endpoint: Place, now: number) {
  return new Promise<Opener>((done) => {
    setImmediate(from, sampler, method, endpoint, now, done as (result: unknown) => void)
  })
}

function capture(sampler: OpenerSampler, endpoint: Place = here, now = 0, from = inProgram) {
  return from(sampler, 'capture', endpoint, now) as Opener
}

function many(sampler: OpenerSampler, count: number, endpoint: Place = here, now = 0) {
  return Array.from({ length: count }, () => capture(sampler, endpoint, now))
}

t.test('the first have a stack of their own', (t) => {
  const openers = many(new OpenerSampler(), 20)
  for (const opener of openers) t.strictSame({ ...opener }, A)
  t.end()
})

t.test('those after them have the place of the last one, and it says so', (t) => {
  const sampler = new OpenerSampler()
  many(sampler, 20)
  const next = capture(sampler, here, 10, elsewhere)
  t.strictSame({ ...next }, { ...A, sampled: true })
  t.equal(capture(sampler, here, 499), next, 'one object for all')
  t.strictSame({ ...capture(sampler, here, 500, elsewhere) }, B, 'two more in a second')
  t.ok(capture(sampler, here, 999).sampled)
  t.notOk(capture(sampler, here, 1_000).sampled)
  t.end()
})

t.test('another destination begins anew, and each does in the course of time', (t) => {
  const sampler = new OpenerSampler()
  const sampled = (endpoint: Place, now: number) =>
    many(sampler, 30, endpoint, now).filter((opener) => opener.sampled).length
  t.equal(sampled(here, 0), 10)
  t.equal(sampled(there, 0), 10)
  t.equal(sampled(here, 1_000), 28)
  t.equal(sampled(here, 11_000), 10)
  t.equal(sampled(here, 3_600_000), 10)
  t.end()
})

t.test('all destinations together have so many, half of them for those that are new', (t) => {
  const sampler = new OpenerSampler()
  const own = (endpoint: Place, count: number) =>
    many(sampler, count, endpoint, 5_000).filter((opener) => !opener.sampled).length
  for (let port = 1; port <= 5; port++) t.equal(own(other(port), 30), 20)
  t.equal(own(other(6), 30), 1, 'its first one')
  for (let port = 7; port <= 105; port++) t.equal(own(other(port), 2), 1)
  t.equal(own(other(106), 2), 0, 'two hundred')
  t.notOk(capture(sampler, other(106), 6_000).sampled, 'the next second begins anew')
  t.end()
})

t.test('no destination is without a place: its own last one, or else the last one of all', (t) => {
  const sampler = new OpenerSampler()
  capture(sampler, here, 0, elsewhere)
  for (let port = 1; port <= 300; port++) capture(sampler, other(port), 1_000)
  t.strictSame({ ...capture(sampler, here, 1_000) }, { ...B, sampled: true })
  t.strictSame({ ...capture(sampler, there, 1_000, elsewhere) }, { ...A, sampled: true })
  t.strictSame({ ...capture(sampler, there, 2_000, elsewhere) }, B, 'the next time it has its own')
  t.end()
})

t.test('destinations without end are not kept without end', (t) => {
  const sampler = new OpenerSampler()
  many(sampler, 30)
  t.ok(capture(sampler).sampled)
  for (let port = 1; port <= 999; port++) capture(sampler, other(port), 1_000 * port)
  t.ok(capture(sampler, here, 999_000).sampled === undefined)
  many(sampler, 30, here, 1_000_000)
  t.ok(capture(sampler, here, 1_000_000).sampled, 'a thousand are known')
  for (let port = 1_000; port <= 2_000; port++) capture(sampler, other(port), 1_000_000)
  t.strictSame(
    { ...capture(sampler, here, 1_000_000, elsewhere) },
    { ...A, sampled: true },
    'it was forgotten, and has the place of all',
  )
  t.end()
})

t.test('a stack that leads nowhere means one who connected there before, if any', async (t) => {
  const sampler = new OpenerSampler()
  t.same(await alone(inNode, sampler, 'capture', here, 0), { place: null, package: null })
  capture(sampler)
  t.strictSame({ ...(await alone(inNode, sampler, 'capture', here, 0)) }, { ...A, sampled: true })
  t.same(await alone(inNode, sampler, 'capture', there, 0), { place: null, package: null })
  t.strictSame(
    { ...(await alone(inPackage, sampler, 'capture', here, 0)) },
    { place: null, package: 'pool' },
    'a package is somewhere',
  )
})

t.test('a connection that was expected has the place where its request was made', async (t) => {
  const sampler = new OpenerSampler()
  const expect = (now: number) => elsewhere(sampler, 'expect', here, now)
  expect(0)
  t.strictSame({ ...(await alone(inNode, sampler, 'capture', here, 0)) }, B)
  t.strictSame(
    { ...(await alone(inNode, sampler, 'capture', here, 0)) },
    { ...B, sampled: true },
    'one connection for one request',
  )
  expect(0)
  t.strictSame({ ...(await alone(inPackage, sampler, 'capture', here, 0)) }, B)
  expect(0)
  t.strictSame({ ...capture(sampler) }, A, 'a stack that leads somewhere is believed')
  t.strictSame({ ...(await alone(inNode, sampler, 'capture', here, 0)) }, { ...A, sampled: true })
  expect(999)
  t.strictSame(
    { ...(await alone(inNode, sampler, 'capture', here, 1_998)) },
    B,
    'the clock is no part of it',
  )
  expect(1_998)
  t.strictSame(
    { ...(await alone(inNode, sampler, 'capture', here, 2_998)) },
    { ...B, sampled: true },
    'who knows, a second later',
  )
  await alone(inNode, sampler, 'expect', here, 3_000)
  t.strictSame(
    { ...(await alone(inNode, sampler, 'capture', here, 3_000)) },
    { ...B, sampled: true },
  )
})

t.test('what is expected costs as much as what is opened, and no more', (t) => {
  const sampler = new OpenerSampler()
  for (let index = 0; index < 20; index++) elsewhere(sampler, 'expect', here, 0)
  inProgram(sampler, 'expect', here, 0)
  t.strictSame({ ...capture(sampler) }, { ...B, sampled: true })
  t.end()
})
