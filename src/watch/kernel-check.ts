import { channels } from '../findings/channels'
import { emit, emitNow } from '../findings/emit'
import type { Finding } from '../findings/finding'
import { kernelFinding, kernelUnknownFinding } from '../findings/kernel-finding'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { type KeepaliveSysctls, readKeepaliveSysctls } from '../kernel/sysctl'
import { markTold, wasTold } from '../kernel/told'
import type { Config } from '../settings/config'

/** Exit code of NAT_KEEPALIVE_SYSCTL=strict: EX_CONFIG of sysexits.h. */
const EX_CONFIG = 78

/** The finding about the kernel's values; null where they suit the path. Pure. */
export function judgeKernel(reading: Reading<KeepaliveSysctls>, config: Config): Finding | null {
  if (!reading.known) return kernelUnknownFinding(reading.why)
  // A probe at the very limit races the middlebox.
  const late = reading.value.timeSeconds * 1_000 >= config.limitMs
  return late ? kernelFinding(reading.value, config) : null
}

/**
 * The start-up check, which warns once per process tree and network namespace, or ends the process
 * under `strict`, if it may. That the values are not known is told only to those who asked for the
 * check: a system without /proc is nobody's mistake.
 */
export function checkKernel(
  proc: ProcFs,
  config: Config,
  askedFor: boolean,
  mayExit: boolean,
): void {
  if (config.sysctl === 'off') return
  const reading = readKeepaliveSysctls(proc)
  const finding = judgeKernel(reading, config)
  if (channels.kernel.hasSubscribers) channels.kernel.publish({ reading, finding })
  if (finding === null || (!reading.known && !askedFor)) return
  if (mayExit && config.sysctl === 'strict' && reading.known) {
    emitNow(finding, config.format)
    process.exit(EX_CONFIG)
  }
  if (wasTold(proc, process.env)) return
  markTold(proc, process.env)
  emit(finding, config.format)
}
