import type { Result } from './compare-tests'
import type { NamedDifference } from './named-differences'
import { type Aspect, differencesOf, isUneven, type Outcome } from './outcome'

const kinds = ['passed', 'failed', 'skipped', 'unsteady', 'differ'] as const

type Kind = (typeof kinds)[number]

interface Judged extends Result {
  readonly kind: Kind
  readonly known: NamedDifference | undefined
}

/** What came out of all tests. */
export interface Survey {
  /** For people: how many went how, by family, and those that did not simply pass. */
  readonly text: string
  /** Sentences; none if all is as it should be. */
  readonly complaints: readonly string[]
}

/** Where fewer of those that ran pass, their surroundings are at fault, and nothing is shown. */
const PASSING = 0.95

/** Sums up the results, and holds what differs against the differences that have a name. */
export function survey(results: readonly Result[], named: readonly NamedDifference[]): Survey {
  const judged = results.map((result) => {
    const known = named.find(({ name }) => name === result.test.name)
    return { ...result, kind: kindOf(result), known }
  })
  const complaints = judged.flatMap(complaintsOf)
  const of = (wanted: Kind) => judged.filter(({ kind }) => kind === wanted).length
  const ran = judged.length - of('skipped')
  if (ran === 0 || of('passed') < ran * PASSING) {
    complaints.push(`Of ${ran} tests only ${of('passed')} pass without the hook and with it.`)
  }
  return { text: [...tableOf(judged), ...listOf(judged)].join('\n'), complaints }
}

function kindOf(result: Result): Kind {
  if (differencesOf(result).length > 0) return 'differ'
  return isUneven(result) ? 'unsteady' : (result.bare[0] as Outcome).status
}

function complaintsOf({ test, kind, known, bare, hooked }: Judged): string[] {
  if (kind !== 'differ') {
    return known ? [`${test.name} no longer differs, so it needs no name any more.`] : []
  }
  const aspects = differencesOf({ bare, hooked })
  const meant = known && aspects.every((aspect) => known.aspects.includes(aspect))
  if (meant && hooked.some(({ stdout, stderr }) => known.shows.test(`${stdout}\n${stderr}`)))
    return []
  const lines = aspects.flatMap((aspect) => changedLines(bare, hooked, aspect))
  return [[`${test.name} differs in ${aspects.join(' and ')}:`, ...lines].join('\n')]
}

/** The lines of an aspect that came only without the hook, or only with it. */
function changedLines(
  bare: readonly Outcome[],
  hooked: readonly Outcome[],
  aspect: Aspect,
): string[] {
  const linesOf = (outcomes: readonly Outcome[]) =>
    new Set(outcomes.flatMap((outcome) => outcome[aspect].split('\n')))
  const [without, withHook] = [linesOf(bare), linesOf(hooked)]
  return [
    ...[...without].filter((line) => !withHook.has(line)).map((line) => `- ${line}`),
    ...[...withHook].filter((line) => !without.has(line)).map((line) => `+ ${line}`),
  ]
}

function tableOf(judged: readonly Judged[]): string[] {
  const families = [...new Set(judged.map(({ test }) => test.family))]
  const width = Math.max(...families.map(({ length }) => length), 'all'.length)
  const row = (head: string, among: readonly Judged[]) => {
    const counts = kinds.map((wanted) => among.filter(({ kind }) => kind === wanted).length)
    return head.padEnd(width) + counts.map((count) => String(count).padStart(10)).join('')
  }
  return [
    ' '.repeat(width) + kinds.map((kind) => kind.padStart(10)).join(''),
    ...families.map((family) =>
      row(
        family,
        judged.filter(({ test }) => test.family === family),
      ),
    ),
    row('all', judged),
  ]
}

const heads: Readonly<Record<Kind, string | null>> = {
  passed: null,
  failed: 'Fail without the hook and with it, which says nothing',
  skipped: 'Cannot run here',
  unsteady: 'Vary from run to run',
  differ: 'Differ',
}

function listOf(judged: readonly Judged[]): string[] {
  return kinds.flatMap((wanted) => {
    const those = judged.filter(({ kind }) => kind === wanted)
    const lines = those.map((one) => `  ${one.test.name}: ${remark(one)}`).sort()
    return heads[wanted] && lines.length > 0 ? [`${heads[wanted]}:`, ...lines] : []
  })
}

function remark({ kind, known, bare, hooked }: Judged): string {
  const [{ stdout, stderr }] = bare as [Outcome]
  if (kind === 'failed') {
    return /\b\w*Error\b.*/.exec(`${stderr}\n${stdout}`)?.[0] ?? 'no error is shown'
  }
  if (kind === 'skipped') return /# skip\w*:? *(.*)/i.exec(stdout)?.[1] || 'no reason is given'
  if (kind === 'differ') return known?.reason ?? 'The reason is not known yet.'
  const passed = (outcomes: readonly Outcome[]) =>
    `${outcomes.filter(({ status }) => status === 'passed').length} of ${outcomes.length}`
  return `${passed(bare)} runs pass without the hook, ${passed(hooked)} with it.`
}
