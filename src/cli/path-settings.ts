import { type Config, parseConfig } from '../settings/config'
import { say } from '../terminal/say'
import type { Output } from '../terminal/terminal'
import { UsageError } from '../terminal/usage-error'

/** Options of a command that stand for settings. */
export interface PathOptions {
  readonly limit?: string
  readonly profile?: string
}

const variables = { limit: 'NAT_KEEPALIVE_LIMIT', profile: 'NAT_KEEPALIVE_PROFILE' } as const

/**
 * The settings of the environment, with `--limit` and `--profile` before them. One that was refused
 * is wrong usage where the answer depends on it (`needed`), because an answer about another limit
 * than the one that was meant is worse than none; of any other a sentence is said.
 */
export function pathSettings(
  env: NodeJS.ProcessEnv,
  { limit, profile }: PathOptions,
  stderr: Output,
  needed: readonly string[] = [],
): Config {
  // Off is for a program; whoever asks wants an answer.
  const asked: Record<string, string | undefined> = { ...env, NAT_KEEPALIVE: '' }
  if (profile !== undefined) {
    asked[variables.profile] = given('profile', profile)
    // A limit wins over a profile, but not one of the environment over an option.
    asked[variables.limit] = ''
  }
  if (limit !== undefined) asked[variables.limit] = given('limit', limit)
  const { config, problems } = parseConfig(asked)
  const decisive: readonly string[] = [...Object.values(variables), ...needed]
  for (const { variable, message } of problems) {
    if (!decisive.includes(variable)) say(stderr, message)
    else throw new UsageError(optionText(message.replace(/; using [^;]*$/, '.'), limit, profile))
  }
  return config
}

/** Blank is unset for a variable, and an omission for an option. */
function given(option: keyof PathOptions, value: string): string {
  if (value.trim() === '') throw new UsageError(`The option --${option} takes a value.`)
  return value
}

/** Names the option where the value came by it. */
function optionText(message: string, limit?: string, profile?: string): string {
  const named = limit === undefined ? message : message.replace(/^NAT_KEEPALIVE_LIMIT=/, '--limit ')
  return profile === undefined ? named : named.replace(/^NAT_KEEPALIVE_PROFILE=/, '--profile ')
}
