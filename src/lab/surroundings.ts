import { resolve } from 'node:path'
import { addHook, requireOption } from '../doctor/checks/hook-entries'
import { createMachine } from '../doctor/checks/machine'
import { formatDuration } from '../settings/duration'
import { defaults } from '../settings/settings'
import type { Plan } from './plan'

/** With the hook, without it even where NODE_OPTIONS has it, or as the environment has it. */
export type HookUse = 'with' | 'without' | 'as it is'

/** dist/lab is where this is. */
const register = resolve(__dirname, '..', '..', 'register.js')

/**
 * The environment of a command in the lab: where the server is, what the path does, and the hook with
 * its times as much shorter as those of the path are. What the caller has set himself stays.
 */
export function surroundingsOf(
  env: NodeJS.ProcessEnv,
  serverAddress: string,
  plan: Plan,
  use: HookUse,
): NodeJS.ProcessEnv {
  const { limitSeconds, scale, expiry } = plan
  const lab = {
    LAB_SERVER: serverAddress,
    LAB_LIMIT: String(limitSeconds),
    LAB_EXPIRY: expiry,
    LAB_SCALE: String(scale),
  }
  const scaled: NodeJS.ProcessEnv = { ...scaledSettings(plan), ...env, ...lab }
  if (use === 'as it is') return scaled
  if (use === 'without') return { ...scaled, NAT_KEEPALIVE: 'off' }
  const { NAT_KEEPALIVE: _, ...rest } = scaled
  const given = env.NODE_OPTIONS ?? ''
  const NODE_OPTIONS = addHook(given, requireOption(register), createMachine({ env }))
  return { ...rest, NODE_OPTIONS }
}

function scaledSettings({ limitSeconds, scale }: Plan): Record<string, string> {
  const audit = Math.max(1, Math.round((defaults.auditMs ?? 30_000) / scale / 1_000))
  const patience = Math.max(2, Math.round(defaults.leastGiveUpMs / scale / 1_000))
  return {
    NAT_KEEPALIVE_LIMIT: `${limitSeconds}s`,
    NAT_KEEPALIVE_AUDIT: `${audit}s`,
    NAT_KEEPALIVE_GIVE_UP: formatDuration(Math.max(patience, limitSeconds + 1) * 1_000),
  }
}
