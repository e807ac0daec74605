import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

interface Packet {
  from: 'client' | 'server'
  what: string
  inside: number | null
  outside: number | null
}
interface Run {
  outcome: string
  packets: Packet[]
  countdown: { at: number; seconds: number | null }[]
}
interface Captured {
  limitSeconds: number
  delaySeconds: number
  without: Run
  with: Run
}

const { draw } = require(join(root, 'bench', 'pictures', 'draw.cjs')) as {
  draw(data: { captured: Captured; results: unknown }): Record<string, string>
}
const json = (path: string) => JSON.parse(readFileSync(join(root, 'bench', path), 'utf8'))
const captured: Captured = json('pictures/captured.json')

/** When packets went through the NAT, in order. */
function passedAt({ packets }: Run): number[] {
  return packets.flatMap(({ inside, outside }) =>
    inside === null || outside === null ? [] : [Math.max(inside, outside)],
  )
}

t.test('the pictures are what the code draws of the data', (t) => {
  const pictures = draw({ captured, results: json('results.json') })
  for (const [file, svg] of Object.entries(pictures)) {
    const committed = readFileSync(join(root, 'docs', 'pictures', file), 'utf8')
    t.equal(committed, svg, `${file}: else run node bench/pictures.cjs`)
    t.match(
      svg,
      /^<svg [^>]*role="img"[^>]*>\n<title [^>]+>[^<]+<\/title>\n<desc [^>]+>[^<]+<\/desc>/,
    )
    t.notMatch(svg, /undefined|NaN|null|href|<script|<style/)
  }
  t.end()
})

t.test('without the hook nothing passes, the NAT forgets, and the answer stops there', (t) => {
  const { limitSeconds, without: run } = captured
  t.equal(run.outcome, 'waiting')
  const last = passedAt(run).at(-1) ?? Number.NaN
  t.ok(last < 1, 'nothing after the request')
  const forgotten = run.countdown.find(({ seconds }) => seconds === null)?.at ?? Number.NaN
  t.ok(Math.abs(forgotten - (last + limitSeconds)) < 0.3, `forgotten at ${forgotten} s`)
  const late = run.packets.filter(({ from, outside }) => from === 'server' && (outside ?? 0) > 1)
  t.ok(late.length > 1, 'the service has sent its answer, and sent it again')
  t.ok(
    late.every(({ inside }) => inside === null),
    'and none of it came through',
  )
  t.end()
})

t.test('with the hook a probe goes out after each delay, and the answer comes through', (t) => {
  const { delaySeconds, with: run } = captured
  t.equal(run.outcome, 'answered')
  const probes = run.packets.filter(({ what }) => what === 'probe')
  t.ok(probes.length > 10, `${probes.length} probes`)
  for (const { inside: at } of probes) {
    const isAnswer = ({ from, inside }: Packet) =>
      from === 'server' && at !== null && inside !== null && inside >= at && inside - at < 0.5
    t.ok(run.packets.some(isAnswer), `the probe at ${at} s was answered`)
  }
  const passed = passedAt(run)
  const gaps = passed.slice(1).map((at, i) => at - (passed[i] as number))
  t.ok(Math.max(...gaps) < delaySeconds * 1.2, `no gap over ${Math.max(...gaps)} s`)
  t.end()
})

t.test('the countdown that is drawn is the one that was read from the NAT', (t) => {
  for (const run of [captured.without, captured.with]) {
    const passed = passedAt(run)
    const left = (at: number) => {
      const packet = passed.filter((one) => one <= at).at(-1) ?? Number.NaN
      return captured.limitSeconds - (at - packet)
    }
    for (const { at, seconds } of run.countdown) {
      if (seconds === null || at < 0) continue
      // The kernel tells whole seconds, and a reading takes a moment, in which a packet may pass.
      const agrees = [at, at + 0.15].some((moment) => Math.abs(left(moment) - seconds) <= 1.15)
      t.ok(agrees, `${seconds} s were read at ${at} s, ${left(at)} s are drawn`)
    }
  }
  t.end()
})
