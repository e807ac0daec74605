import { settings as table } from '../../settings/settings'
import type { Outcome } from './check'
import type { Machine } from './machine'
import { seconds } from './seconds'

export const id = 'settings'
export const title = 'The settings'

/** Whether every NAT_KEEPALIVE variable means what was written. */
export function run({ settings: { config, problems, given } }: Machine): Outcome {
  const inForce = table
    .filter(({ name }) => given.has(name))
    .map(({ name, key, show }) => `${name}=${show(config[key])}`)
  const data = { config, problems, given: [...given] }
  if (!config.enabled) {
    return {
      verdict: 'advice',
      seen: 'NAT_KEEPALIVE=off: the hook patches nothing and says nothing, and no other setting is looked at.',
      action: 'Unset NAT_KEEPALIVE where connections are to be protected.',
      data,
    }
  }
  const [problem] = problems
  if (problem !== undefined) {
    return {
      verdict: 'finding',
      seen: problems.map(({ message }) => message).join(' '),
      action:
        problems.length === 1
          ? `Correct or unset ${problem.variable}.`
          : `Correct or unset these, beginning with ${problem.variable}.`,
      data,
    }
  }
  const limit = `The idle limit is ${seconds(config.limitMs)}.`
  return {
    verdict: 'ok',
    seen:
      inForce.length === 0
        ? `No NAT_KEEPALIVE variable is set, so the defaults hold. ${limit}`
        : `${inForce.join(', ')}; the rest are defaults. ${limit}`,
    action: null,
    data,
  }
}
