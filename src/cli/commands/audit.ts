import { setTimeout as sleep } from 'node:timers/promises'
import { ASK_AGAIN } from '../../kernel/kernel-word'
import { loadNative } from '../../kernel/native'
import { createProcFs } from '../../kernel/proc-fs'
import { auditDocument } from '../../outside/audit-document'
import { type MachineAudit, OutsideAuditor } from '../../outside/outside-auditor'
import { quoted } from '../../process/printable'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { renderAudit } from '../audit/render-audit'
import { verdicts } from '../audit/rows'
import { targets } from '../audit/targets'
import { type NoAudit, watchAudit } from '../audit/watch-audit'
import { pathSettings } from '../path-settings'

export const summary = 'the outbound connections of processes, and which would die'

export const help = `Usage: nat-keepalive audit [PID|NAME]... [OPTION]...

Asks the kernel about the outbound TCP connections of processes in any language,
or of every process that this user may look into, and tells which would die of
idleness behind a NAT. Contacts nobody and changes nothing. What is set on a
connection is read by a duplicate of its descriptor, where this user may trace
the process; else its timer and times (sock_diag) and /proc tell what they can.

  --pid N         the same as PID
  --all           every connection in a line of its own
  --limit TIME    after which the path forgets: 350s, 4m
  --profile ID    the same by a middlebox of \`nat-keepalive profiles\`
  --fail-on WHAT  exit code 1 from this verdict on: dying, at-risk (as without
                  it), unknown; or never
  --watch         look again every second, on a screen of its own where this is
                  a terminal: worst on top, a star before what has changed
  --loopback      connections within this machine too
  --json          the same as data
  --help          this text

Example, for a path that forgets after a minute:
  nat-keepalive audit node --limit 60s

Exit codes: 0 fine, 1 a connection is at risk or dying, 2 wrong usage, a refused
setting or no such process, 3 nothing was seen, and not everything could be
looked into.
`

export const options = {
  all: { type: 'boolean' },
  limit: { type: 'string' },
  profile: { type: 'string' },
  'fail-on': { type: 'string' },
  watch: { type: 'boolean' },
  loopback: { type: 'boolean' },
  json: { type: 'boolean' },
  // The same as a PID without it.
  pid: { type: 'string', multiple: true },
} as const

export const operands = 'any' as const

interface Values {
  readonly all?: boolean
  readonly limit?: string
  readonly profile?: string
  readonly 'fail-on'?: string
  readonly watch?: boolean
  readonly loopback?: boolean
  readonly json?: boolean
  readonly pid?: readonly string[]
}

export async function run(
  values: Values,
  terminal: Terminal,
  {
    env,
    operands: names,
  }: { readonly env: NodeJS.ProcessEnv; readonly operands: readonly string[] },
): Promise<number> {
  const worst = worstAllowed(values['fail-on'])
  const { limitMs, native: wanted } = pathSettings(env, values, terminal.stderr)
  const proc = createProcFs()
  const native = loadNative(wanted)
  const auditor = new OutsideAuditor(proc, {
    limitMs,
    part: native.known ? native.value : null,
    loopback: values.loopback === true,
  })
  const take = async (again: number): Promise<MachineAudit | NoAudit> => {
    const pids = targets([...(values.pid ?? []).map(pidOf), ...names], proc, auditor)
    if (typeof pids === 'string') return { sentence: pids, code: 2 }
    const audit = await look(auditor, pids, again)
    return typeof audit === 'string' ? { sentence: audit, code: 3 } : audit
  }
  const { stdout, stderr, paint } = terminal
  const [each, json] = [values.all === true, values.json === true]
  if (values.watch) {
    return watchAudit({ take: () => take(0), limitMs, native, each, json }, terminal, env)
  }
  const audit = await take(ASK_AGAIN.times)
  if ('sentence' in audit) {
    say(stderr, audit.sentence)
    return audit.code
  }
  stdout.write(
    json
      ? renderJson(auditDocument(audit, limitMs, native))
      : renderAudit(audit, limitMs, { paint, width: widthOf(stdout), each }),
  )
  return exitCode(audit, worst)
}

function pidOf(text: string): string {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`The PID ${quoted(text)} is no whole number from 1 on.`)
  }
  return text
}

/** Up to which rank a verdict makes the exit code 1. */
function worstAllowed(text = 'at-risk'): number {
  if (text === 'never') return -1
  const known = Object.hasOwn(verdicts, text) && text !== 'safe'
  if (!known) {
    throw new UsageError(
      `The option --fail-on takes dying, at-risk, unknown or never, and not ${quoted(text)}.`,
    )
  }
  return verdicts[text as keyof typeof verdicts].rank
}

/** A sentence where the processes cannot be listed. */
async function look(
  auditor: OutsideAuditor,
  pids: readonly number[] | null,
  again: number,
): Promise<MachineAudit | string> {
  for (;;) {
    const among = pids === null ? auditor.pids() : { known: true as const, value: pids }
    if (!among.known) return `The processes cannot be listed: ${among.why}.`
    const audit = auditor.look(among.value, pids === null)
    const unsure = audit.processes.some(({ sockets }) =>
      sockets.some(({ word, judged }) => word.passing && judged.verdict !== 'safe'),
    )
    if (!unsure || again-- === 0) return audit
    await sleep(ASK_AGAIN.everyMs)
  }
}

/** Where nothing was seen, and not everything was looked into, nothing is known. Pure. */
export function exitCode({ processes, unseen }: MachineAudit, worst: number): number {
  const sockets = processes.flatMap(({ sockets }) => sockets)
  if (sockets.some(({ judged }) => verdicts[judged.verdict].rank <= worst)) return 1
  return sockets.length === 0 && unseen.length > 0 ? 3 : 0
}
