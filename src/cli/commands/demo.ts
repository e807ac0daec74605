import { measureLoopback } from '../../demo/loopback'
import { judgeGateway, judgeLoopback, type Measurements } from '../../demo/measurements'
import { buildLabs, type Gateway, measureNat, times } from '../../demo/nat'
import { withProgress } from '../../demo/progress'
import {
  conclude,
  introduceLoopback,
  introduceNat,
  renderGateway,
  renderLoopback,
  renderNoNat,
} from '../../demo/text'
import { version } from '../../process/version'
import { catchInterruption } from '../../terminal/interruption'
import { renderJson } from '../../terminal/render-json'
import type { Terminal } from '../../terminal/terminal'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'before and after, on this machine, in under a minute'

export const help = `Usage: nat-keepalive demo [--json]

Shows what the hook changes: what the kernel does for a request that waits,
and what becomes of it behind a NAT that forgets idle connections.
Contacts nobody, and leaves nothing behind. Takes about 20 seconds.

  --json  print the measurements, and nothing else
  --help  this text

Exit codes: 0 it went as it should, also where no NAT can be built here;
1 it did not, and stderr says how; 2 wrong usage.
`

export const options = { json: { type: 'boolean' } } as const

/** The demo, with the exit code as its result. */
export async function run(values: { json?: boolean }, terminal: Terminal): Promise<number> {
  const interruption = catchInterruption()
  try {
    const measurements = await show(values.json === true, terminal, interruption.signal)
    const { problems } = measurements
    if (problems.length === 0) return 0
    terminal.stderr.write(
      `${wrapText(`The demo does not show what it should. ${problems.join(' ')}`)}\n`,
    )
    return 1
  } catch (error) {
    if (interruption.code !== null) return interruption.code
    terminal.stderr.write(`${wrapText(`The demo could not go on: ${(error as Error).message}`)}\n`)
    return 1
  } finally {
    interruption.release()
  }
}

async function show(json: boolean, terminal: Terminal, signal: AbortSignal): Promise<Measurements> {
  const { stderr, paint } = terminal
  const print = (text: string): void => {
    if (!json) terminal.stdout.write(text)
  }
  print(introduceLoopback(paint))
  const loopback = await withProgress(
    stderr,
    () => 'Starting two programs.',
    measureLoopback(signal),
  )
  signal.throwIfAborted()
  print(renderLoopback(loopback, paint))

  const gateways = await showNat(print, terminal, signal)
  const nat = typeof gateways === 'string' ? null : { ...times, gateways }
  const problems = [...judgeLoopback(loopback), ...(nat?.gateways ?? []).flatMap(judgeGateway)]
  const measurements: Measurements = {
    schema: 1,
    version,
    node: process.version,
    platform: process.platform,
    loopback,
    nat,
    natWhy: typeof gateways === 'string' ? gateways : null,
    problems,
  }
  if (json) terminal.stdout.write(renderJson(measurements))
  if (problems.length === 0) print(conclude(nat !== null))
  return measurements
}

/** What was measured behind the NATs, or why there are none. */
async function showNat(
  print: (text: string) => void,
  { stderr, paint }: Terminal,
  signal: AbortSignal,
): Promise<Gateway[] | string> {
  const labs = await withProgress(stderr, () => 'Building two NATs.', buildLabs())
  if (typeof labs === 'string') {
    signal.throwIfAborted()
    print(renderNoNat(labs, paint))
    return labs
  }
  // Without its lab no program goes on, so whatever waits for one fails.
  const stop = (): Promise<void> => labs.close()
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    print(introduceNat(times, paint))
    const waiting = (seconds: number) =>
      `Waiting for the answers: ${seconds} s of ${times.giveUpMs / 1000} s.`
    const gateways = await withProgress(stderr, waiting, measureNat(labs))
    for (const gateway of gateways) print(renderGateway(gateway, paint))
    return gateways
  } finally {
    signal.removeEventListener('abort', stop)
    await labs.close()
  }
}
