import type { Gateway, Story } from '../../../src/demo/nat'
import type { ProbeTimer } from '../../../src/demo/probe-timer'

export const off: ProbeTimer = { armed: false, nextTimerMs: null, column: '00:00000000', why: null }
export const on: ProbeTimer = { armed: true, nextTimerMs: 44_930, column: '02:0000118D', why: null }
export const hidden: ProbeTimer = {
  armed: null,
  nextTimerMs: null,
  column: null,
  why: 'it is hidden',
}

export const lost: Story = {
  client: { outcome: 'waiting', ms: 16_012, code: null },
  answeredMs: 11_003,
  kernel: off,
  forgottenMs: 5404,
  why: null,
}
export const kept: Story = {
  client: { outcome: 'answered', ms: 11_049, code: null },
  answeredMs: 11_004,
  kernel: { ...on, nextTimerMs: 920 },
  forgottenMs: null,
  why: null,
}
export const gateway: Gateway = { expiry: 'reset', without: lost, with: kept }
