import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

interface Figure {
  median: number
  quartiles: [number, number]
}
interface Aim {
  part: string
  what: string
  measure: string
  who?: string
  figure: 'ratio' | 'own' | 'beyond'
  unit: string
  most: number
}
interface Judgement extends Partial<Figure> {
  what: string
  outcome: string
}

const bench = (file: string) => require(join(root, 'bench', file))
const { judgeAims, passes } = bench('judge-aims.cjs') as {
  judgeAims(results: unknown, aims?: Aim[]): Judgement[]
  passes(judgements: Judgement[]): boolean
}
const { aims } = bench('aims.cjs') as { aims: Aim[] }
const { compare, isDistinct } = bench('statistics.cjs') as {
  compare(about: object, samples: Record<string, number[]>): Record<string, never>
  isDistinct(ratio: Figure): boolean
}

const aim: Aim = {
  part: 'connect',
  what: 'a',
  measure: 'CPU',
  figure: 'ratio',
  unit: 'times',
  most: 1.05,
}

/** Results of one part, with one row. */
function resultsOf(ratio: Figure, row = {}) {
  const ours = { median: 70, quartiles: [60, 80], ratio }
  const whole = { what: 'a', measure: 'CPU time', unit: 'ms', rounds: 9, ours, peers: {}, ...row }
  return { parts: { connect: { rows: [whole] } } }
}

function outcomes(results: unknown, ...wanted: Aim[]) {
  return judgeAims(results, wanted).map(({ outcome }) => outcome)
}

t.test('an aim is met or missed by the whole middle half, else not decided', async (t) => {
  const table: readonly [[number, number], string][] = [
    [[1.01, 1.05], 'met'],
    [[1.01, 1.06], 'not decided'],
    [[1.05, 1.06], 'not decided'],
    [[1.051, 1.06], 'missed'],
  ]
  for (const [quartiles, outcome] of table) {
    const median = (quartiles[0] + quartiles[1]) / 2
    t.strictSame(outcomes(resultsOf({ median, quartiles }), aim), [outcome], `${quartiles}`)
  }
})

const bad: Figure = { median: 1.2, quartiles: [1.1, 1.3] }

t.test('of one round nothing is decided, but where rounds hardly differ', async (t) => {
  t.strictSame(outcomes(resultsOf(bad, { rounds: 1 }), aim), ['not decided'])
  const { rows } = resultsOf(bad, { rounds: 1 }).parts.connect
  const counted = { parts: { instructions: { rows } } }
  t.strictSame(outcomes(counted, { ...aim, part: 'instructions' }), ['missed'])
})

t.test('a row of another Node is judged like that of this one, and no other row', async (t) => {
  for (const [what, outcome] of [
    ['Node 24: a', 'missed'],
    ['aa', 'not measured'],
  ]) {
    t.strictSame(outcomes(resultsOf(bad, { what }), aim), [outcome], `${what}`)
  }
})

t.test(
  'what has no figure is not measured, and a part that did not run is not judged',
  async (t) => {
    const results = resultsOf(bad)
    t.strictSame(outcomes(results, { ...aim, who: 'ours, changed' }), ['not measured'])
    t.strictSame(outcomes(results, { ...aim, part: 'idle' }), [])
  },
)

t.test('an aim can be for a variant, for the figure itself, and for what is more', async (t) => {
  const good = { median: 1, quartiles: [1, 1] }
  const variant = { median: 1, quartiles: [1, 1], ratio: good }
  const results = resultsOf(bad, { peers: { 'ours, changed': variant } })
  t.strictSame(outcomes(results, { ...aim, who: 'ours, changed' }), ['met'])
  t.strictSame(outcomes(results, { ...aim, figure: 'own', most: 80 }), ['met'])
  t.strictSame(outcomes(results, { ...aim, figure: 'own', most: 59 }), ['missed'])
  const about = { what: 'a', measure: 'CPU time', unit: 'bytes', beyond: true }
  const row = compare(about, { nothing: [10, 10, 10, 10], ours: [15, 16, 15, 15] })
  const more = { parts: { connect: { rows: [row] } } }
  t.strictSame(outcomes(more, { ...aim, figure: 'beyond', most: 6 }), ['met'])
  t.strictSame(outcomes(more, { ...aim, figure: 'beyond', most: 4 }), ['missed'])
})

t.test('a run passes where aims were judged and none is missed', async (t) => {
  const of = (...all: string[]) => all.map((outcome) => ({ what: 'a', outcome }))
  t.ok(passes(of('met', 'not decided', 'not measured')))
  t.notOk(passes(of('met', 'missed')))
  t.notOk(passes(of('not measured')))
  t.notOk(passes([]))
})

t.test('every aim is for a part of the bench', async (t) => {
  const { parts } = bench('parts.cjs') as { parts: Record<string, unknown> }
  for (const { part, what } of aims) t.ok(part in parts, `${part}: ${what}`)
})

t.test('a ratio within its own spread of 1 is no difference', async (t) => {
  const table: readonly [number, [number, number], boolean][] = [
    [1.04, [0.5, 1.57], false],
    [0.98, [0.9, 1.01], false],
    [1.14, [1.09, 1.19], true],
    [1.01, [1.005, 1.015], true],
    [0.8, [0.7, 0.9], true],
  ]
  for (const [median, quartiles, distinct] of table) {
    t.equal(isDistinct({ median, quartiles }), distinct, `${median}: ${quartiles}`)
  }
})

t.test(
  'where a ratio says nothing, the table, the page, the README and the picture say so',
  async (t) => {
    const text = (path: string) => readFileSync(join(root, path), 'utf8')
    const spoil = (key: string, value: unknown) =>
      key === 'ratio' ? { median: 1.0444, quartiles: [0.5, 1.57] } : value
    const results = JSON.parse(text('bench/results.json'), spoil)
    const captured = JSON.parse(text('bench/pictures/captured.json'))
    const pictures: Record<string, string> = bench('pictures/draw.cjs').draw({ captured, results })
    const said = {
      table: bench('table.cjs').table(results),
      page: bench('page.cjs')
        .page(results)
        .replace(/## Aims.*?(?=## )/s, ''),
      README: bench('readme-costs.cjs').withCosts(text('README.md'), results),
      picture: pictures['cost-light.svg'] as string,
    }
    for (const [where, all] of Object.entries(said)) {
      t.match(all, 'no difference was found', where)
      if (where !== 'table') t.notMatch(all, /\b1\.044?\b|\+4%/, where)
    }
  },
)
