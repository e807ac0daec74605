import { channels } from '../findings/channels'
import { emit, emitNow } from '../findings/emit'
import type { Finding } from '../findings/finding'
import { kernelFinding, kernelUnknownFinding } from '../findings/kernel-finding'
import { publish } from '../findings/publish'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { type KeepaliveSysctls, readKeepaliveSysctls } from '../kernel/sysctl'
import { ancestorWasTold } from '../kernel/told'
import { createDebug } from '../process/debug'
import { isDebugged } from '../process/is-debugged'
import type { Config } from '../settings/config'
import { toldAtStart } from '../settings/told-at-start'

/** Exit code of NAT_KEEPALIVE_SYSCTL=strict: EX_CONFIG of sysexits.h. */
const EX_CONFIG = 78

/** What is known of the kernel's values. */
interface Outcome {
  readonly reading: Reading<KeepaliveSysctls>
  /** Null where they suit the path. */
  readonly finding: Finding | null
}

let told = false
let published = false

/** The finding about the kernel's values; null where they suit the path. Pure. */
export function judgeKernel(reading: Reading<KeepaliveSysctls>, config: Config): Finding | null {
  if (!reading.known) return kernelUnknownFinding(reading.why)
  // A probe at the very limit races the middlebox.
  const late = reading.value.timeSeconds * 1_000 >= config.limitMs
  return late ? kernelFinding(reading.value, config) : null
}

/**
 * The start-up check, which warns once per process tree and network namespace where that is asked
 * for, or ends the process under `strict`, if it may. That the values are not known is told only to
 * those who asked for the check: a system without /proc is nobody's mistake.
 */
export function checkKernel(proc: ProcFs, config: Config, mayExit: boolean): void {
  if (config.sysctl === 'off') return
  const { reading, finding } = lookAtKernel(proc, config)
  if (finding === null || !toldAtStart(config)) return
  if (!reading.known && config.sysctl === 'auto') return
  if (mayExit && config.sysctl === 'strict' && reading.known) {
    emitNow(finding, config.format)
    process.exit(EX_CONFIG)
  }
  if (!mayExit || !ancestorWasTold(proc)) tell(finding, config)
}

/** A connection was found that lives or dies by the kernel's values: tells of them, if it has to. */
export function tellOfKernel(proc: ProcFs, config: Config): void {
  if (config.sysctl === 'off' || told) return
  const { reading, finding } = lookAtKernel(proc, config)
  if (finding !== null && reading.known) tell(finding, config)
}

/** Reads the values for those who listen to the channel, and for DEBUG; else nothing is read. */
export function showKernel(proc: ProcFs, config: Config): void {
  if (config.sysctl === 'off') return
  if (channels.kernel.hasSubscribers ? !published : isDebugged()) lookAtKernel(proc, config)
}

function lookAtKernel(proc: ProcFs, config: Config): Outcome {
  const reading = readKeepaliveSysctls(proc)
  const outcome = { reading, finding: judgeKernel(reading, config) }
  published ||= channels.kernel.hasSubscribers
  publish(channels.kernel, () => ({
    code: outcome.finding === null ? null : 'NKA101',
    message: outcome.finding?.text ?? "The kernel's keepalive times suit the path.",
    data: {
      sysctls: reading.known ? reading.value : null,
      why: reading.known ? null : reading.why,
      limitMs: config.limitMs,
    },
  }))
  createDebug('kernel')('%s %o', outcome.finding === null ? 'suits' : 'does not suit', reading)
  return outcome
}

function tell(finding: Finding, config: Config): void {
  if (told) return
  told = true
  emit(finding, config.format)
}
