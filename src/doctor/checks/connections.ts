import { countVerdicts } from '../../outside/audit-document'
import { OutsideAuditor } from '../../outside/outside-auditor'
import type { Outcome } from './check'
import type { Machine } from './machine'

export const id = 'connections'
export const title = 'The connections of this machine'

/** What `audit` says now, in one line. */
export function run({ platform, proc, native, settings, strict }: Machine): Outcome {
  if (platform !== 'linux') {
    return {
      verdict: 'unknown',
      seen: 'The connections of other processes are seen on Linux only.',
      action: 'In a program with the hook, report() tells of its own.',
      data: {},
    }
  }
  const auditor = new OutsideAuditor(proc, {
    limitMs: settings.config.limitMs,
    part: native.known ? native.value : null,
    loopback: false,
  })
  const pids = auditor.pids()
  if (!pids.known) {
    return {
      verdict: 'unknown',
      seen: `The processes cannot be listed: ${pids.why}.`,
      action: 'Run this where /proc is mounted.',
      data: { why: pids.why },
    }
  }
  const audit = auditor.look(pids.value, true)
  const counts = countVerdicts(audit.processes)
  const bad = counts.dying + counts['at-risk']
  const total = bad + counts.unknown + counts.safe
  const unseen = audit.unseen.map(({ why, action }) => ({ why, action }))
  const missing = unseen.map(({ why }) => ` ${why}`).join('')
  const data = { counts, looked: audit.looked, unseen }
  const seen =
    total === 0
      ? `No outbound connections${unseen.length === 0 ? '' : ' were seen'}.${missing}`
      : `${total} outbound: ${counts.dying} dying, ${counts['at-risk']} at risk, ${counts.unknown} unknown, ${counts.safe} safe.${missing}`
  if (bad > 0) {
    return {
      verdict: strict ? 'finding' : 'advice',
      seen,
      action:
        '`nat-keepalive audit` says which; `nat-keepalive rescue PID` protects them without a restart.',
      data,
    }
  }
  const [first] = unseen
  if (first !== undefined) return { verdict: 'unknown', seen, action: first.action, data }
  return { verdict: 'ok', seen, action: null, data }
}
