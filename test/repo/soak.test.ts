import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

const soak = join(root, 'bench', 'soak')
const { judge } = require(join(soak, 'judge.cjs'))
const { probeTraffic } = require(join(soak, 'probe-traffic.cjs'))
const { costOf } = require(join(soak, 'arithmetic.cjs'))
const read = () => JSON.parse(readFileSync(join(root, 'bench', 'soak-results.json'), 'utf8'))

t.test('the page on probe traffic is the one that the soak wrote', (t) => {
  const page = readFileSync(join(root, 'docs', 'probe-traffic.md'), 'utf8')
  t.equal(page, probeTraffic(read()))
  t.end()
})

t.test('a probe and its answer are two packets in a delay', (t) => {
  t.match(costOf({ connections: 90, delaySeconds: 45, bytesPerPacket: 52 }), {
    packetsPerSecond: 4,
    bytesPerSecond: 208,
  })
  t.end()
})

t.test('the soak that was written held for fifty limits, and nothing was wrong', (t) => {
  const result = read()
  t.equal(result.connections, 10_000)
  t.ok(result.heldSeconds >= 50 * result.limitSeconds)
  t.strictSame(judge(result), [])
  t.end()
})

const spoilt: Record<string, (result: ReturnType<typeof read>) => void> = {
  'a connection was lost at the end': ({ with: hooked }) => {
    hooked.fates.alive--
    hooked.fates.reset++
  },
  'a connection was lost before': ({ with: hooked }) => {
    hooked.fates.alive--
    hooked.fates.lost++
  },
  'the NAT forgot one meanwhile': ({ flows }) => flows[2].with--,
  'one lived without the hook': ({ without }) => without.fates.reset--,
  'the NAT knew one without the hook': ({ flows }) => flows[0].without++,
  'there was no hook': (result) => {
    result.with.tracked = null
  },
  'the hook lost sight of one': ({ with: hooked }) => hooked.tracked.safe--,
  'the hook kept one that is closed': ({ with: hooked }) => {
    hooked.after.tracked.unknown = 1
  },
  'a descriptor was kept': ({ with: hooked }) => hooked.after.descriptors++,
  'an entry was kept for each connection': ({ with: hooked }) => {
    hooked.after.heapBytes += 200 * (10_000 + hooked.churn.short)
  },
  'the churn failed': ({ with: hooked }) => hooked.churn.failed++,
  'there was no churn': ({ without }) => {
    without.churn.requests = 0
  },
  'there were twice as many probes': ({ probes }) => {
    probes.ratio *= 2
  },
  'probes were not answered': ({ probes }) => {
    probes.answers -= 0.01 * probes.seen
  },
  'the kernel counted others': ({ probes }) => {
    probes.kernel *= 1.1
  },
  'something was sent without the hook': ({ probes }) => probes.withoutHook++,
}
for (const [what, spoil] of Object.entries(spoilt)) {
  t.test(`found: ${what}`, (t) => {
    const result = read()
    spoil(result)
    t.not(judge(result).length, 0)
    t.end()
  })
}
