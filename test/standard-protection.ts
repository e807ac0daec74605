import type { Protection } from '../src/connections/policy'

/** What a socket gets that nobody asked anything for, where Node takes interval and count. */
export const protection: Protection = {
  action: 'protect',
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 4,
  reason: 'unasked',
}
