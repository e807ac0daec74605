import { comment, coverage } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A file for /etc/sysctl.d. */
export function renderSysctl(values: Values): Snippet {
  const { values: numbers, sysctls, not } = coverage(values)
  const notes = [
    '/etc/sysctl.d/60-nat-keepalive.conf, read at boot and by: sysctl --system',
    numbers,
    `${sysctls} They hold for the host, and not for containers with a network of their own, which have the defaults of the kernel again.`,
    not,
    'The hook needs none of these for JavaScript, except with NAT_KEEPALIVE_MODE=kernel.',
  ]
  const lines = values.sysctls.map(([name, value]) => `${name} = ${value}`)
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
