import type { Outcome } from './check'
import type { Machine } from './machine'
import { platformName } from './platform-name'

export const id = 'native'
export const title = 'The native part'

/** Whether the file loads with which Node gets what it does not offer: options of sockets, sock_diag. */
export function run({ platform, native }: Machine): Outcome {
  if (platform !== 'linux') {
    return {
      verdict: 'ok',
      seen: `It is for Linux only; on ${platformName(platform)} the hook does what Node can do there.`,
      action: null,
      data: { loaded: false, why: 'it is for Linux only' },
    }
  }
  if (native.known) {
    return {
      verdict: 'ok',
      seen: 'It loads: audit and rescue can read and set what other processes have on their connections.',
      action: null,
      data: { loaded: true, why: null },
    }
  }
  return {
    verdict: 'advice',
    seen: `It does not load: ${native.why}. Connections are protected and watched without it, as far as Node and /proc go; rescue needs it.`,
    action: 'Allow it to be loaded, where more is wanted.',
    data: { loaded: false, why: native.why },
  }
}
