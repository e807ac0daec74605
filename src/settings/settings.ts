import { formatDuration, maxDurationMs } from './duration'
import { KERNEL_MAXIMA } from './kernel-maxima'

import type { Setting } from './setting'
import { choice, count, duration, durationOrOff, list, onOff, profile } from './setting-kinds'
import { strictestLimitSeconds } from './strictest-limit'

/** Every default that is a literal; the others follow from these in schedule.ts and config.ts. */
export const defaults = Object.freeze({
  enabled: true,
  profile: null,
  /** The delay where the limit leaves room for it, and how many delays have to fit in a limit. */
  longestDelayMs: 45_000,
  delaysInLimit: 4,
  /** The interval, where the delay is not shorter. */
  longestIntervalMs: 15_000,
  /** How long probes may stay unanswered: past the 350 s after which the strictest clouds forget. */
  leastGiveUpMs: 360_000,
  userTimeoutMs: null,
  native: true,
  foreign: 'protect',
  request: 'host',
  mode: 'socket',
  app: 'cap',
  pool: 'off',
  exclude: Object.freeze([]) as readonly string[],
  sysctl: 'auto',
  idleWarnPercent: 80,
  idleLoopback: false,
  auditMs: 30_000,
  format: 'text',
  metrics: 'off',
} as const)

const kernelRange = { minMs: 1000, maxMs: KERNEL_MAXIMA.seconds * 1000, wholeSeconds: true }

/** The settings, in the order in which they are explained. */
export const settings: readonly Setting[] = Object.freeze([
  onOff({
    name: 'NAT_KEEPALIVE',
    key: 'enabled',
    fallback: 'on',
    meaning: 'off, 0, false, no or disabled: patch nothing, print nothing, in workers too',
  }),
  profile({
    name: 'NAT_KEEPALIVE_PROFILE',
    key: 'profile',
    fallback: 'strictest verified layer-4 default',
    meaning: 'id of a middlebox (nat-keepalive profiles), gives the limit',
  }),
  duration(
    {
      name: 'NAT_KEEPALIVE_LIMIT',
      key: 'limitMs',
      fallback: `the profile's, else ${strictestLimitSeconds}s`,
      meaning: 'idle limit of the path; wins over the profile',
    },
    { minMs: 2000, maxMs: maxDurationMs, example: '350s' },
  ),
  duration(
    {
      name: 'NAT_KEEPALIVE_DELAY',
      key: 'delayMs',
      fallback: `${formatDuration(defaults.longestDelayMs)}, or a quarter of the limit where that is less`,
      meaning: 'idle time before the first probe',
    },
    { ...kernelRange, example: '45s' },
  ),
  duration(
    {
      name: 'NAT_KEEPALIVE_INTERVAL',
      key: 'intervalMs',
      fallback: `${formatDuration(defaults.longestIntervalMs)}, never more than the delay`,
      meaning: 'between probes nobody answered',
    },
    { ...kernelRange, example: '15s' },
  ),
  duration(
    {
      name: 'NAT_KEEPALIVE_GIVE_UP',
      key: 'giveUpMs',
      fallback: `${formatDuration(defaults.leastGiveUpMs)}, or the limit plus one interval where that is longer`,
      meaning: 'how long probes may stay unanswered before the connection is given up',
    },
    // So many probes, so far apart, the kernel takes.
    { minMs: 1000, maxMs: kernelRange.maxMs, example: '10m' },
  ),
  count(
    {
      name: 'NAT_KEEPALIVE_PROBES',
      key: 'probes',
      fallback: 'what GIVE_UP needs',
      meaning: 'unanswered probes before the connection is given up; given, it wins over GIVE_UP',
    },
    { min: 1, max: KERNEL_MAXIMA.probes },
  ),
  durationOrOff(
    {
      name: 'NAT_KEEPALIVE_USER_TIMEOUT',
      key: 'userTimeoutMs',
      fallback: 'off',
      meaning:
        'TCP_USER_TIMEOUT: how long sent data may stay unacknowledged (native part only); off',
    },
    { minMs: 1000, maxMs: maxDurationMs, example: '10m' },
  ),
  onOff({
    name: 'NAT_KEEPALIVE_NATIVE',
    key: 'native',
    fallback: 'on',
    meaning: 'off: do not load the native part',
  }),
  choice(
    {
      name: 'NAT_KEEPALIVE_FOREIGN',
      key: 'foreign',
      fallback: defaults.foreign,
      meaning: 'sockets of native code: protect, watch (only tell), off',
    },
    ['protect', 'watch', 'off'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_REQUEST',
      key: 'request',
      fallback: defaults.request,
      meaning:
        'how a waiting request is named: host (method and host), path (without query, cut), off',
    },
    ['host', 'path', 'off'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_METRICS',
      key: 'metrics',
      fallback: defaults.metrics,
      meaning: 'otel: register instruments with OpenTelemetry, where an SDK is in the process',
    },
    ['off', 'otel'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_MODE',
      key: 'mode',
      fallback: defaults.mode,
      meaning: 'kernel: only switch keepalive on and let the sysctls set the times',
    },
    ['socket', 'kernel'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_APP',
      key: 'app',
      fallback: defaults.app,
      meaning:
        "the program's own setKeepAlive calls: cap = a shorter delay stays, off, 0 and longer become ours; respect = an explicit call wins and is recorded",
    },
    ['cap', 'respect'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_POOL',
      key: 'pool',
      fallback: defaults.pool,
      meaning:
        'evict = destroy free connections of http and https agents that the peer has closed, or that went stale while the process stood still',
    },
    ['off', 'evict'],
  ),
  list({
    name: 'NAT_KEEPALIVE_EXCLUDE',
    key: 'exclude',
    fallback: 'none',
    meaning:
      'comma list of host names (*.internal), addresses, CIDR blocks, each with an optional :port, left alone',
  }),
  choice(
    {
      name: 'NAT_KEEPALIVE_SYSCTL',
      key: 'sysctl',
      fallback: defaults.sysctl,
      meaning:
        'the start-up check of the kernel: auto (told where its values matter: kernel mode, or a connection that the hook cannot protect), warn (told at every start), off, or strict (the program does not start: exit code 78)',
    },
    ['auto', 'warn', 'off', 'strict'],
  ),
  durationOrOff(
    {
      name: 'NAT_KEEPALIVE_IDLE_WARN',
      key: 'idleWarnMs',
      fallback: `${defaults.idleWarnPercent}% of the limit`,
      meaning: 'idle time after which an outbound socket is warned about; off',
    },
    { minMs: 100, maxMs: maxDurationMs, example: '3m' },
  ),
  onOff({
    name: 'NAT_KEEPALIVE_IDLE_LOOPBACK',
    key: 'idleLoopback',
    fallback: 'off',
    meaning: 'on: warn about idle sockets to loopback addresses too',
  }),
  durationOrOff(
    {
      name: 'NAT_KEEPALIVE_AUDIT',
      key: 'auditMs',
      fallback: formatDuration(defaults.auditMs),
      meaning: 'how often the auditor looks; off',
    },
    { minMs: 100, maxMs: maxDurationMs, example: '30s' },
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_FORMAT',
      key: 'format',
      fallback: defaults.format,
      meaning: 'json: each warning is one JSON line on stderr',
    },
    ['text', 'json'],
  ),
]) as readonly Setting[]
