import { createMachine } from '../../doctor/checks/machine'
import { examine, renderText } from '../../doctor/doctor'
import { renderJson } from '../../terminal/render-json'
import type { Terminal } from '../../terminal/terminal'

export const summary = 'this machine and this Node against the idle limit'

export const help = `Usage: nat-keepalive doctor [--strict] [--json]

Looks at what decides whether idle connections survive here: the kernel's
keepalive times, this Node, the schedule that results, the hook in
NODE_OPTIONS, the settings, the place this runs in, who can set the sysctls,
the native part, and the connections that are open now. Changes nothing and
contacts nobody. Run it where the programs run, with their environment.

Where the hook covers what JavaScript opens, kernel times that are too long are
advice, because only the sockets of native code follow them.

  --strict  they are a finding all the same, and so are a hook that is not in
            NODE_OPTIONS, and open connections that are at risk
  --json    the same as data
  --help    this text

Example, for a path that forgets after a minute:
  NAT_KEEPALIVE_LIMIT=60s nat-keepalive doctor

Exit codes: 0 no finding; 1 at least one finding; 2 wrong usage. Advice, and
what could not be known, are no findings.
`

export const options = { strict: { type: 'boolean' }, json: { type: 'boolean' } } as const

/** The doctor, with the exit code as its result. */
export async function run(
  values: { strict?: boolean; json?: boolean },
  { stdout, paint }: Terminal,
  { env }: { readonly env: NodeJS.ProcessEnv },
): Promise<number> {
  const diagnosis = await examine(createMachine({ env, strict: values.strict === true }))
  stdout.write(values.json ? renderJson(diagnosis) : renderText(diagnosis, paint))
  return diagnosis.counts.finding > 0 ? 1 : 0
}
