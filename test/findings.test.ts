import t from 'tap'
import type { IdleGroup } from '../src/audit'
import { type Config, parseConfig } from '../src/config'
import {
  hookFinding,
  idleFinding,
  kernelFinding,
  kernelUnknownFinding,
  settingFinding,
} from '../src/findings'
import type { Protection } from '../src/policy'

const { config: standard } = parseConfig({})

const protection: Protection = {
  action: 'protect',
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 4,
  reason: 'unasked',
}

function group(changes: Partial<IdleGroup>): IdleGroup {
  return {
    destination: 'db.internal:5432',
    opener: { place: '/app/db.js:12', package: 'pg' },
    count: 1,
    unprotected: 0,
    minIdleMs: 192_000,
    maxIdleMs: 192_000,
    protection,
    leave: null,
    ...changes,
  }
}

function idleText(changes: Partial<IdleGroup>, config: Partial<Config> = {}): string {
  return idleFinding(group(changes), { ...standard, ...config }).text
}

t.test('NKA001 is the message of the setting', (t) => {
  t.strictSame(
    settingFinding('NAT_KEEPALIVE_DELAY', '45', 'NAT_KEEPALIVE_DELAY="45" was refused.'),
    {
      code: 'NKA001',
      text: 'NAT_KEEPALIVE_DELAY="45" was refused.',
      data: { variable: 'NAT_KEEPALIVE_DELAY', value: '45' },
    },
  )
  t.end()
})

t.test('NKA002 is what was said of the hook', (t) => {
  t.strictSame(hookFinding('The hook is not in place.'), {
    code: 'NKA002',
    text: 'The hook is not in place.',
    data: {},
  })
  t.strictSame(hookFinding('Two versions.', { first: '1.0.0' }).data, { first: '1.0.0' })
  t.end()
})

const sysctls = { timeSeconds: 7_200, intervalSeconds: 75, probes: 9 }
const remedy =
  'Set net.ipv4.tcp_keepalive_time=45, net.ipv4.tcp_keepalive_intvl=15 and ' +
  'net.ipv4.tcp_keepalive_probes=4 for this network namespace (sysctl, docker --sysctl, a ' +
  "pod's securityContext.sysctls), or silence this with NAT_KEEPALIVE_SYSCTL=off."
const seen =
  'The kernel would send its first keepalive probe after 7200 s idle, but the path forgets an ' +
  'idle connection after 4m (net.ipv4.tcp_keepalive_time=7200, tcp_keepalive_intvl=75, ' +
  'tcp_keepalive_probes=9). '

t.test('NKA101 in socket mode', (t) => {
  t.strictSame(kernelFinding(sysctls, standard), {
    code: 'NKA101',
    text:
      `${seen}This concerns only sockets the hook cannot reach (native code, for example); those ` +
      `of JavaScript are probed after 45s. ${remedy}`,
    data: {
      timeSeconds: 7_200,
      intervalSeconds: 75,
      probes: 9,
      limitMs: 240_000,
      mode: 'socket',
    },
  })
  t.end()
})

t.test('NKA101 in kernel mode', (t) => {
  const finding = kernelFinding(sysctls, { ...standard, mode: 'kernel' })
  t.equal(
    finding.text,
    `${seen}NAT_KEEPALIVE_MODE=kernel leaves every socket of this process to these values. ${remedy}`,
  )
  t.equal(finding.data.mode, 'kernel')
  t.end()
})

t.test('NKA101 advises the values of the settings, in seconds', (t) => {
  const config = { ...standard, delayMs: 87_000, intervalMs: 10_000, probes: 6, limitMs: 350_000 }
  const { text } = kernelFinding(sysctls, config)
  t.match(text, 'after 5m50s (')
  t.match(text, 'are probed after 1m27s.')
  t.match(text, 'Set net.ipv4.tcp_keepalive_time=87, net.ipv4.tcp_keepalive_intvl=10 and ')
  t.match(text, 'net.ipv4.tcp_keepalive_probes=6 for')
  t.end()
})

t.test('NKA101 where the values are not known', (t) => {
  t.strictSame(kernelUnknownFinding('there is no /proc on darwin'), {
    code: 'NKA101',
    text:
      "Whether the kernel's keepalive settings suit the path is not known: there is no /proc on " +
      'darwin. Let the process read /proc/sys/net/ipv4/tcp_keepalive_time, _intvl and _probes, or ' +
      'set NAT_KEEPALIVE_SYSCTL=off.',
    data: { known: false, why: 'there is no /proc on darwin' },
  })
  t.end()
})

t.test('NKA201 for one connection', (t) => {
  t.strictSame(idleFinding(group({}), standard), {
    code: 'NKA201',
    text:
      'A connection to db.internal:5432 has been idle for 3m12s; keepalive protects it (first ' +
      'probe after 45s). Opened at /app/db.js:12 by the package pg. Nothing is lost on a path that ' +
      'forgets idle connections; if this is expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to ' +
      'off.',
    data: {
      destination: 'db.internal:5432',
      count: 1,
      unprotected: 0,
      idleMs: 192_000,
      opener: { place: '/app/db.js:12', package: 'pg' },
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA201 for several connections', (t) => {
  t.equal(
    idleText({ count: 500, maxIdleMs: 231_400 }),
    '500 connections to db.internal:5432 have been idle for 3m12s to 3m51s; keepalive protects ' +
      'them (first probe after 45s). Opened at /app/db.js:12 by the package pg. Nothing is lost on ' +
      'a path that forgets idle connections; if this is expected, raise NAT_KEEPALIVE_IDLE_WARN or ' +
      'set it to off.',
  )
  t.end()
})

t.test("NKA201 with the kernel's times", (t) => {
  const kernel = { ...protection, delayMs: null, intervalMs: null, probes: null }
  t.match(
    idleText({ protection: kernel }, { mode: 'kernel' }),
    "; keepalive protects it (with the kernel's own times). Opened at ",
  )
  t.end()
})

t.test('a first probe that comes at the limit or after it is not said to protect', (t) => {
  for (const delayMs of [240_000, 600_000]) {
    const late: Protection = { ...protection, delayMs, reason: 'respected' }
    const finding = idleFinding(group({ protection: late }), { ...standard, app: 'respect' })
    t.equal(finding.code, 'NKA202', `${delayMs} ms`)
    t.notMatch(finding.text, /protects|Nothing is lost/)
  }
  t.end()
})

t.test('NKA202 for one connection, by the reason for which it was left alone', (t) => {
  const bare = { unprotected: 1, protection: null }
  const text =
    'A connection to db.internal:5432 has been idle for 3m12s, and nothing keeps the path open: a ' +
    'NAT gateway or firewall forgets such a connection after 4m, and a request that waits on it is ' +
    'never answered. Opened at /app/db.js:12 by the package pg. '
  t.strictSame(
    idleFinding(
      group({ ...bare, leave: { action: 'leave', reason: 'excluded', rule: '*.internal' } }),
      standard,
    ),
    {
      code: 'NKA202',
      text: `${text}It is excluded by "*.internal": take that out of NAT_KEEPALIVE_EXCLUDE.`,
      data: {
        destination: 'db.internal:5432',
        count: 1,
        unprotected: 1,
        idleMs: 192_000,
        opener: { place: '/app/db.js:12', package: 'pg' },
        limitMs: 240_000,
      },
    },
  )
  t.equal(
    idleText({ ...bare, leave: { action: 'leave', reason: 'exempt' } }),
    `${text}The program exempted it: remove the call of exempt().`,
  )
  t.equal(
    idleText({ ...bare, leave: { action: 'leave', reason: 'respected' } }),
    `${text}The program asked for that and is respected: set NAT_KEEPALIVE_APP=cap.`,
  )
  t.end()
})

t.test('NKA202 for several connections, all or some of them bare', (t) => {
  const leave = { action: 'leave', reason: 'exempt' } as const
  const rest =
    ' keeps the path open: a NAT gateway or firewall forgets such a connection after 5m50s, and a ' +
    'request that waits on it is never answered. Opened at /app/db.js:12 by the package pg. The ' +
    'program exempted it: remove the call of exempt().'
  const several = { count: 20, maxIdleMs: 200_000, leave }
  t.equal(
    idleText({ ...several, unprotected: 20, protection: null }, { limitMs: 350_000 }),
    `20 connections to db.internal:5432 have been idle for 3m12s to 3m20s, and nothing${rest}`,
  )
  t.equal(
    idleText({ ...several, unprotected: 3 }, { limitMs: 350_000 }),
    `20 connections to db.internal:5432 have been idle for 3m12s to 3m20s, and for 3 of them ` +
      `nothing${rest}`,
  )
  t.end()
})

t.test('the opening place is said as far as it is known', (t) => {
  const table: readonly [IdleGroup['opener'], string][] = [
    [{ place: '/app/db.js:12', package: 'pg' }, ' Opened at /app/db.js:12 by the package pg. '],
    [{ place: '/app/db.js:12', package: null }, ' Opened at /app/db.js:12. '],
    [{ place: null, package: 'pg' }, ' Opened by the package pg. '],
    [{ place: null, package: null }, ' Where it was opened is not known. '],
  ]
  for (const [opener, text] of table) t.match(idleText({ opener }), text)
  t.end()
})

t.test('idle times are whole seconds, and one time where they round to the same', (t) => {
  const table: readonly [min: number, max: number, text: string][] = [
    [500, 500, 'idle for 500ms;'],
    [192_000, 192_000, 'idle for 3m12s;'],
    [192_499, 192_499, 'idle for 3m12s;'],
    [192_500, 192_500, 'idle for 3m13s;'],
    [60_000, 7_200_000, 'idle for 1m to 2h;'],
    [192_100, 192_400, 'idle for 3m12s;'],
  ]
  for (const [minIdleMs, maxIdleMs, text] of table) {
    t.match(idleText({ count: 2, minIdleMs, maxIdleMs }), text)
  }
  t.end()
})

t.test('the facts of every finding survive JSON', (t) => {
  const findings = [
    settingFinding('NAT_KEEPALIVE', 'x', 'text'),
    hookFinding('text'),
    kernelFinding(sysctls, standard),
    kernelUnknownFinding('why'),
    idleFinding(group({}), standard),
  ]
  for (const { data, code } of findings) t.strictSame(JSON.parse(JSON.stringify(data)), data, code)
  t.end()
})
