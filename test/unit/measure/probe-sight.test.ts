import t from 'tap'
import { type ProbeWord, probeWord, type Sight } from '../../../src/measure/probe-sight'

const sight: Sight = { state: 'established', timer: 'keepalive', whenMs: 900, probes: 0 }

const words: readonly [name: string, sight: Sight | undefined, expected: ProbeWord][] = [
  ['a timer set anew without a count', sight, 'answered'],
  ['a count', { ...sight, probes: 2 }, 'unanswered'],
  ['a timer that has run out and not fired yet', { ...sight, whenMs: 0 }, 'waiting'],
  ['no keepalive timer yet', { ...sight, timer: 'none', whenMs: 0 }, 'waiting'],
  ['a connection that ended', { ...sight, state: 'close-wait' }, 'gone'],
  ['a connection that is not in the table', undefined, 'gone'],
]

for (const [name, seen, expected] of words) {
  t.test(`${name} is ${expected}`, async (t) => {
    t.equal(probeWord(seen), expected)
  })
}
