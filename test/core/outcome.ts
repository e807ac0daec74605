/** What a run of a test showed; the texts are without what varies from run to run. */
export interface Outcome {
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly stdout: string
  readonly stderr: string
}

export const aspects = ['status', 'stdout', 'stderr'] as const

export type Aspect = (typeof aspects)[number]

/** The runs of one test without the hook and with it. */
export interface Runs {
  readonly bare: Outcome[]
  readonly hooked: Outcome[]
}

/** Whether some run is unlike another, be it by the hook or by chance. */
export function isUneven({ bare, hooked }: Runs): boolean {
  return aspects.some((aspect) => valuesOf([...bare, ...hooked], aspect).size > 1)
}

/**
 * In what the hook makes a difference: where all runs without it are alike, and those with it are
 * not. What is printed may also come or stay away by chance, so there every one has to be another.
 */
export function differencesOf({ bare, hooked }: Runs): Aspect[] {
  return aspects.filter((aspect) => {
    const without = valuesOf(bare, aspect)
    const unknown = hooked.filter((outcome) => !without.has(outcome[aspect])).length
    if (aspect !== 'status') return without.size === 1 && unknown === hooked.length
    // A test that passes now and then has to do so with the hook as well.
    return without.size === 1 ? unknown > 0 : !hooked.some(({ status }) => status === 'passed')
  })
}

function valuesOf(outcomes: readonly Outcome[], aspect: Aspect): Set<string> {
  return new Set(outcomes.map((outcome) => outcome[aspect]))
}
