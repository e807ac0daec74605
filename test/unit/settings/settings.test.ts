import t from 'tap'
import { parseConfig } from '../../../src/settings/config'
import { parseDuration } from '../../../src/settings/duration'
import { nearest } from '../../../src/settings/nearest'
import { strictestDefault } from '../../../src/settings/profiles'
import type { Setting } from '../../../src/settings/setting'
import { settings } from '../../../src/settings/settings'

/** The names and the defaults of the contract. */
const contract: readonly [name: string, fallback: string][] = [
  ['NAT_KEEPALIVE', 'on'],
  ['NAT_KEEPALIVE_PROFILE', 'strictest verified layer-4 default'],
  ['NAT_KEEPALIVE_LIMIT', "the profile's, else 240s"],
  ['NAT_KEEPALIVE_DELAY', '45s, or a quarter of the limit where that is less'],
  ['NAT_KEEPALIVE_INTERVAL', '15s, never more than the delay'],
  ['NAT_KEEPALIVE_GIVE_UP', '6m, or the limit plus one interval where that is longer'],
  ['NAT_KEEPALIVE_PROBES', 'what GIVE_UP needs'],
  ['NAT_KEEPALIVE_USER_TIMEOUT', 'off'],
  ['NAT_KEEPALIVE_NATIVE', 'on'],
  ['NAT_KEEPALIVE_FOREIGN', 'protect'],
  ['NAT_KEEPALIVE_REQUEST', 'host'],
  ['NAT_KEEPALIVE_METRICS', 'off'],
  ['NAT_KEEPALIVE_MODE', 'socket'],
  ['NAT_KEEPALIVE_APP', 'cap'],
  ['NAT_KEEPALIVE_POOL', 'off'],
  ['NAT_KEEPALIVE_EXCLUDE', 'none'],
  ['NAT_KEEPALIVE_SYSCTL', 'auto'],
  ['NAT_KEEPALIVE_IDLE_WARN', '80% of the limit'],
  ['NAT_KEEPALIVE_IDLE_LOOPBACK', 'off'],
  ['NAT_KEEPALIVE_AUDIT', '30s'],
  ['NAT_KEEPALIVE_FORMAT', 'text'],
]

function setting(name: string): Setting {
  const found = settings.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no setting ${name}`)
  return found
}

t.test('the table has the names and defaults of the contract, in its order', (t) => {
  t.same(
    settings.map(({ name, fallback }) => [name, fallback]),
    contract,
  )
  t.end()
})

t.test('there is one setting for each key of a config', (t) => {
  const keys = settings.map(({ key }) => key)
  t.same([...keys].sort(), Object.keys(parseConfig({}).config).sort())
  t.equal(new Set(keys).size, keys.length)
  t.end()
})

t.test('every setting is explained in a line', (t) => {
  for (const { name, meaning, expected, expectedOption } of settings) {
    for (const text of [meaning, expected, expectedOption]) {
      t.match(text, /^\S[ -~]{3,}[^\s.]$/, `${name}: ${text}`)
    }
  }
  t.end()
})

t.test('the defaults in words are the defaults', (t) => {
  const { config } = parseConfig({})
  for (const name of ['NAT_KEEPALIVE_MODE', 'NAT_KEEPALIVE_APP', 'NAT_KEEPALIVE_SYSCTL']) {
    t.equal(setting(name).fallback, config[setting(name).key])
  }
  for (const name of ['NAT_KEEPALIVE', 'NAT_KEEPALIVE_IDLE_LOOPBACK', 'NAT_KEEPALIVE_AUDIT']) {
    t.equal(setting(name).fallback, setting(name).show(config[setting(name).key]))
  }
  t.equal(strictestDefault().limitSeconds * 1000, config.limitMs)
  t.end()
})

t.test('a value that is shown is accepted again', (t) => {
  const { config } = parseConfig({
    NAT_KEEPALIVE_PROFILE: 'aws-nlb',
    NAT_KEEPALIVE_EXCLUDE: 'db.internal,[fd00::1]:443',
  })
  for (const { name, key, parse, show } of settings) {
    const shown = show(config[key])
    t.same(parse(shown), { value: config[key], refusals: [] }, `${name}=${shown}`)
  }
  for (const name of ['NAT_KEEPALIVE_AUDIT', 'NAT_KEEPALIVE_IDLE_WARN']) {
    t.equal(setting(name).show(null), 'off')
    t.same(setting(name).parse('off'), { value: null, refusals: [] })
  }
  t.equal(setting('NAT_KEEPALIVE_PROFILE').show(null), 'none')
  t.equal(setting('NAT_KEEPALIVE_EXCLUDE').show([]), 'none')
  t.end()
})

t.test('reads what each variable allows', (t) => {
  const table: readonly [name: string, text: string, value: unknown][] = [
    ['NAT_KEEPALIVE', 'on', true],
    ['NAT_KEEPALIVE', 'OFF', false],
    ['NAT_KEEPALIVE', '0', false],
    ['NAT_KEEPALIVE', '1', true],
    ['NAT_KEEPALIVE_PROFILE', 'AWS-nlb', 'aws-nlb'],
    ['NAT_KEEPALIVE_PROFILE', 'azure-firewall', 'azure-firewall'],
    ['NAT_KEEPALIVE_LIMIT', '2s', 2000],
    ['NAT_KEEPALIVE_LIMIT', '2500ms', 2500],
    ['NAT_KEEPALIVE_LIMIT', '2147483647ms', 2_147_483_647],
    ['NAT_KEEPALIVE_DELAY', '1s', 1000],
    ['NAT_KEEPALIVE_DELAY', '2000ms', 2000],
    ['NAT_KEEPALIVE_DELAY', '32767s', 32_767_000],
    ['NAT_KEEPALIVE_DELAY', '9h6m7s', 32_767_000],
    ['NAT_KEEPALIVE_INTERVAL', '1s', 1000],
    ['NAT_KEEPALIVE_INTERVAL', '32767s', 32_767_000],
    ['NAT_KEEPALIVE_GIVE_UP', '1s', 1000],
    ['NAT_KEEPALIVE_GIVE_UP', '1500ms', 1500],
    ['NAT_KEEPALIVE_GIVE_UP', '32767s', 32_767_000],
    ['NAT_KEEPALIVE_PROBES', '1', 1],
    ['NAT_KEEPALIVE_PROBES', '127', 127],
    ['NAT_KEEPALIVE_PROBES', '009', 9],
    ['NAT_KEEPALIVE_USER_TIMEOUT', '10m', 600_000],
    ['NAT_KEEPALIVE_USER_TIMEOUT', 'OFF', null],
    ['NAT_KEEPALIVE_NATIVE', 'Off', false],
    ['NAT_KEEPALIVE_NATIVE', 'yes', true],
    ['NAT_KEEPALIVE_FOREIGN', 'Protect', 'protect'],
    ['NAT_KEEPALIVE_FOREIGN', 'watch', 'watch'],
    ['NAT_KEEPALIVE_FOREIGN', 'OFF', 'off'],
    ['NAT_KEEPALIVE_REQUEST', 'Path', 'path'],
    ['NAT_KEEPALIVE_REQUEST', 'OFF', 'off'],
    ['NAT_KEEPALIVE_MODE', 'Kernel', 'kernel'],
    ['NAT_KEEPALIVE_MODE', 'socket', 'socket'],
    ['NAT_KEEPALIVE_APP', 'RESPECT', 'respect'],
    ['NAT_KEEPALIVE_POOL', 'EVICT', 'evict'],
    ['NAT_KEEPALIVE_EXCLUDE', 'a.internal , ::1,', ['a.internal', '::1']],
    ['NAT_KEEPALIVE_EXCLUDE', ',', []],
    ['NAT_KEEPALIVE_SYSCTL', 'Strict', 'strict'],
    ['NAT_KEEPALIVE_SYSCTL', 'off', 'off'],
    ['NAT_KEEPALIVE_SYSCTL', 'WARN', 'warn'],
    ['NAT_KEEPALIVE_SYSCTL', 'auto', 'auto'],
    ['NAT_KEEPALIVE_IDLE_WARN', '100ms', 100],
    ['NAT_KEEPALIVE_IDLE_WARN', 'Off', null],
    ['NAT_KEEPALIVE_IDLE_LOOPBACK', 'On', true],
    ['NAT_KEEPALIVE_IDLE_LOOPBACK', 'no', false],
    ['NAT_KEEPALIVE_AUDIT', '100ms', 100],
    ['NAT_KEEPALIVE_AUDIT', 'OFF', null],
    ['NAT_KEEPALIVE_FORMAT', 'JSON', 'json'],
    ['NAT_KEEPALIVE_METRICS', 'OTel', 'otel'],
  ]
  for (const [name, text, value] of table) {
    t.same(setting(name).parse(text), { value, refusals: [] }, `${name}=${text}`)
  }
  t.same(
    contract.map(([name]) => name).filter((name) => !table.some((row) => row[0] === name)),
    [],
    'every variable is in the table',
  )
  t.end()
})

const absurd = [
  'banana',
  '-1',
  '-45s',
  '4.5',
  '4.5s',
  '1e3',
  '0x10',
  '99999999999999999999',
  '99999999999999999999s',
  '597h',
  '９',
  '４５s',
  'ｏｎ',
  'oﬀ',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '!',
  '\0',
  '\u202e',
  'a'.repeat(300),
]

t.test('refuses for each variable what is absurd, negative, huge or not ASCII', (t) => {
  const more: Readonly<Record<string, readonly string[]>> = {
    NAT_KEEPALIVE: ['00', '2', 'onoff', 'on off', 'disable', 'y', 'n'],
    NAT_KEEPALIVE_PROFILE: ['aws', 'aws-alb', 'cloudflare', 'istio-sidecar', '45s', 'aws nlb'],
    NAT_KEEPALIVE_LIMIT: ['0', '240', '0s', '1s', '1999ms', '2147483648ms', 'off', 'on'],
    NAT_KEEPALIVE_DELAY: ['0', '45', '0s', '999ms', '1500ms', '32768s', '45S', '45 s', 'off'],
    NAT_KEEPALIVE_INTERVAL: ['0', '15', '0s', '500ms', '1001ms', '32768s', '15sec', 'off'],
    NAT_KEEPALIVE_PROBES: ['0', '00', '128', '4s', '+4', '4.0', '٤', 'off', '1000000004'],
    NAT_KEEPALIVE_GIVE_UP: ['0', '360', '0s', '999ms', '32768s', 'off', 'on'],
    NAT_KEEPALIVE_USER_TIMEOUT: ['0', '360', '0s', '999ms', '2147483648ms', 'on', 'none'],
    NAT_KEEPALIVE_NATIVE: ['10', 'addon'],
    NAT_KEEPALIVE_FOREIGN: ['on', 'protect,watch', 'native'],
    NAT_KEEPALIVE_REQUEST: ['on', 'url', 'host,path'],
    NAT_KEEPALIVE_MODE: ['off', 'on', 'socket,kernel'],
    NAT_KEEPALIVE_APP: ['off', 'on', 'capped'],
    NAT_KEEPALIVE_POOL: ['on', 'evicted'],
    NAT_KEEPALIVE_EXCLUDE: [
      '*',
      '10.0.0.0/33',
      '1',
      '-1',
      '4.5',
      'a b',
      '!',
      '９',
      '\0',
      'a'.repeat(300),
    ],
    NAT_KEEPALIVE_SYSCTL: ['on', 'error'],
    NAT_KEEPALIVE_IDLE_WARN: ['0', '180', '0s', '99ms', 'on'],
    NAT_KEEPALIVE_IDLE_LOOPBACK: ['10', '01'],
    NAT_KEEPALIVE_AUDIT: ['0', '30', '0s', '99ms', 'on'],
    NAT_KEEPALIVE_METRICS: ['on', 'prometheus'],
    NAT_KEEPALIVE_FORMAT: ['off', 'yaml', 'json5'],
  }
  for (const [name] of contract) {
    // Most of what is absurd elsewhere is a host name, so exclusions have only their own cases.
    const common = name === 'NAT_KEEPALIVE_EXCLUDE' ? [] : absurd
    const words = ['switch', 'list'].includes(setting(name).kind) ? [] : ['true', 'yes']
    const wrong = [...common, ...words, ...(more[name] ?? [])].filter((text) => {
      const { value, refusals } = setting(name).parse(text)
      return value !== undefined || refusals.length !== 1
    })
    t.same(wrong, [], name)
    t.ok((more[name] ?? []).length > 1, `${name} has cases of its own`)
  }
  t.end()
})

t.test('a bare number is refused with what was likely meant', (t) => {
  const reason = (name: string, text: string) => setting(name).parse(text).refusals[0]?.reason ?? ''
  const table: readonly [name: string, text: string, meant: string | null][] = [
    ['NAT_KEEPALIVE_DELAY', '45', '45s'],
    ['NAT_KEEPALIVE_DELAY', '45000', '45s'],
    ['NAT_KEEPALIVE_DELAY', '1500', '25m'],
    ['NAT_KEEPALIVE_LIMIT', '350', '5m50s'],
    ['NAT_KEEPALIVE_AUDIT', '500', '8m20s'],
    ['NAT_KEEPALIVE_AUDIT', '1500', '1500ms'],
    ['NAT_KEEPALIVE_DELAY', '0', null],
    ['NAT_KEEPALIVE_DELAY', '-45', null],
    ['NAT_KEEPALIVE_DELAY', '4.5', null],
    ['NAT_KEEPALIVE_DELAY', '9'.repeat(400), null],
  ]
  for (const [name, text, meant] of table) {
    const ambiguous = 'a bare number is ambiguous (Node counts milliseconds, the kernel seconds)'
    const hint = meant === null ? '' : `, perhaps ${meant} was meant`
    t.equal(reason(name, text), `${ambiguous}${hint}`, `${name}=${text.slice(0, 9)}`)
    if (meant !== null) t.ok(parseDuration(meant))
  }
  t.end()
})

t.test('says why a duration does not fit', (t) => {
  const reason = (text: string) => setting('NAT_KEEPALIVE_DELAY').parse(text).refusals[0]?.reason
  t.equal(reason('500ms'), 'it is too short')
  t.equal(reason('32768s'), 'it is too long')
  t.equal(reason('1500ms'), 'the kernel counts it in whole seconds')
  t.equal(reason('soon'), null)
  t.end()
})

t.test('says of a middlebox of layer 7 that probes do not help, and knows misspelt ids', (t) => {
  const reason = (text: string) => setting('NAT_KEEPALIVE_PROFILE').parse(text).refusals[0]?.reason
  t.match(reason('aws-alb'), /^aws-alb works at layer 7.*probes do not$/)
  t.equal(
    reason('azure-nat-gatway'),
    'there is no such middlebox, the nearest is azure-nat-gateway',
  )
  t.equal(reason('something-else-entirely'), 'there is no such middlebox')
  t.end()
})

t.test('checks options by their type', (t) => {
  const good: readonly [name: string, value: unknown][] = [
    ['NAT_KEEPALIVE', false],
    ['NAT_KEEPALIVE_PROFILE', 'aws-nlb'],
    ['NAT_KEEPALIVE_PROFILE', null],
    ['NAT_KEEPALIVE_LIMIT', 2000],
    ['NAT_KEEPALIVE_DELAY', 32_767_000],
    ['NAT_KEEPALIVE_INTERVAL', 1000],
    ['NAT_KEEPALIVE_GIVE_UP', 32_767_000],
    ['NAT_KEEPALIVE_PROBES', 127],
    ['NAT_KEEPALIVE_USER_TIMEOUT', null],
    ['NAT_KEEPALIVE_USER_TIMEOUT', 600_000],
    ['NAT_KEEPALIVE_NATIVE', false],
    ['NAT_KEEPALIVE_FOREIGN', 'watch'],
    ['NAT_KEEPALIVE_REQUEST', 'path'],
    ['NAT_KEEPALIVE_MODE', 'kernel'],
    ['NAT_KEEPALIVE_APP', 'respect'],
    ['NAT_KEEPALIVE_POOL', 'evict'],
    ['NAT_KEEPALIVE_EXCLUDE', ['*.internal']],
    ['NAT_KEEPALIVE_EXCLUDE', []],
    ['NAT_KEEPALIVE_SYSCTL', 'strict'],
    ['NAT_KEEPALIVE_IDLE_WARN', null],
    ['NAT_KEEPALIVE_IDLE_WARN', 100],
    ['NAT_KEEPALIVE_IDLE_LOOPBACK', true],
    ['NAT_KEEPALIVE_AUDIT', null],
    ['NAT_KEEPALIVE_FORMAT', 'json'],
    ['NAT_KEEPALIVE_METRICS', 'otel'],
  ]
  for (const [name, value] of good) {
    t.same(setting(name).check(value), { value, refusals: [] }, `${name} ${String(value)}`)
  }
  const junk = [
    '45s',
    '',
    'on',
    '4',
    0,
    -1000,
    1500.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    1n,
    Symbol('x'),
    () => 45_000,
    {},
    new Date(0),
    Object.create(null),
  ]
  for (const { name, check } of settings) {
    const wrong = junk.filter((value) => check(value).value !== undefined)
    t.same(wrong, [], name)
  }
  for (const { name, key, check } of settings) {
    const nullable = ['profile', 'userTimeoutMs', 'idleWarnMs', 'auditMs'].includes(key)
    t.equal(check(null).value, nullable ? null : undefined, `${name} null`)
    const isSwitch = ['enabled', 'native', 'idleLoopback'].includes(key)
    if (!isSwitch) t.equal(check(true).value, undefined, name)
    if (key !== 'exclude') t.equal(check([]).value, undefined, name)
  }
  t.end()
})

t.test('finds the nearest name, if one is near', (t) => {
  const names = settings.map(({ name }) => name)
  const table: readonly [text: string, near: string | null][] = [
    ['NAT_KEEPALIVE_DELAI', 'NAT_KEEPALIVE_DELAY'],
    ['NAT_KEEPALIVE_DELAYS', 'NAT_KEEPALIVE_DELAY'],
    ['NAT_KEEPALIVE_IDLEWARN', 'NAT_KEEPALIVE_IDLE_WARN'],
    ['nat_keepalive_mode', 'NAT_KEEPALIVE_MODE'],
    ['NAT_KEEPALIVE_', 'NAT_KEEPALIVE'],
    ['PATH', null],
    ['', null],
    ['NAT_KEEPALIVE_DELAY'.repeat(50), null],
  ]
  for (const [text, near] of table) t.equal(nearest(text, names), near, text.slice(0, 40))
  t.equal(nearest('a', []), null)
  t.end()
})
