import t from 'tap'
import { OpenerSampler, type Origin } from '../../../src/connections/opener-sampler'

const here = { host: 'db', port: 5432 }
const there = { host: 'db', port: 5433 }

/** Captures below a function of its own, so that the stack begins with this file. */
function capture(sampler: OpenerSampler, endpoint = here, now = 0): Origin | null {
  return (function connect() {
    return sampler.capture(endpoint, now, connect)
  })()
}

function many(sampler: OpenerSampler, count: number, endpoint = here, now = 0) {
  return Array.from({ length: count }, () => capture(sampler, endpoint, now)?.opener())
}

t.test('the first of a second have a stack of their own', (t) => {
  const openers = many(new OpenerSampler(), 20)
  for (const opener of openers) {
    t.match(opener, { place: /opener-sampler\.test\.ts:\d+$/, package: null })
    t.notOk(opener?.sampled)
  }
  t.end()
})

t.test('those after them have the place of the last one, and it says so', (t) => {
  const sampler = new OpenerSampler()
  const [first] = many(sampler, 20)
  const other = (function connect() {
    return sampler.capture(here, 10, connect)
  })()?.opener()
  t.strictSame(other, { ...first, sampled: true })
  t.equal(capture(sampler, here, 999)?.opener(), other, 'one object for all')
  t.end()
})

t.test('another destination and another second begin anew', (t) => {
  const sampler = new OpenerSampler()
  const sampled = (endpoint: typeof here, now: number) =>
    many(sampler, 30, endpoint, now).filter((opener) => opener?.sampled).length
  t.equal(sampled(here, 0), 10)
  t.equal(sampled(there, 0), 10)
  t.equal(sampled(here, 1_000), 10)
  sampler.clear()
  t.equal(sampled(here, 1_000), 10)
  t.end()
})

t.test('destinations without end are not kept without end', (t) => {
  const sampler = new OpenerSampler()
  many(sampler, 30)
  for (let port = 1; port <= 1_000; port++) capture(sampler, { host: 'crawled', port })
  t.notOk(capture(sampler)?.opener().sampled, 'it was forgotten meanwhile')
  t.end()
})
