import t from 'tap'
import { applyOptions, type Config, parseConfig } from '../../../src/settings/config'
import { settings } from '../../../src/settings/settings'

const standard: Config = {
  enabled: true,
  profile: null,
  limitMs: 240_000,
  delayMs: 45_000,
  intervalMs: 15_000,
  giveUpMs: 360_000,
  probes: 24,
  userTimeoutMs: null,
  native: true,
  foreign: 'protect',
  request: 'host',
  mode: 'socket',
  app: 'cap',
  pool: 'off',
  exclude: [],
  sysctl: 'auto',
  idleWarnMs: 192_000,
  idleLoopback: false,
  auditMs: 30_000,
  format: 'text',
  metrics: 'off',
}

type Env = Record<string, string | undefined>

/** Variables without their prefix, to keep the tables readable. */
function env(short: Env): Env {
  const named = Object.entries(short).map(([key, value]) => [`NAT_KEEPALIVE_${key}`, value])
  return Object.fromEntries(named)
}

function messages(short: Env): string[] {
  return parseConfig(env(short)).problems.map(({ message }) => message)
}

t.test('an environment without settings gives the defaults and says nothing', (t) => {
  for (const empty of [
    {},
    { PATH: '/bin', NAT_KEEPALIVES: '1', XNAT_KEEPALIVE_DELAY: '1', NATKEEPALIVE: '1' },
    Object.fromEntries(settings.map(({ name }) => [name, ''])),
    Object.fromEntries(settings.map(({ name }) => [name, ' \t\r\n\u00a0'])),
    Object.fromEntries(settings.map(({ name }) => [name, undefined])),
    { NAT_KEEPALIVE_UNKNOWN: ' ' },
  ] as Env[]) {
    const { config, problems, given } = parseConfig(empty)
    t.same(config, standard)
    t.same(problems, [])
    t.equal(given.size, 0)
  }
  t.end()
})

t.test('takes every setting, with blanks around it', (t) => {
  const all = {
    NAT_KEEPALIVE: ' ON ',
    ...env({
      PROFILE: ' aws-nlb ',
      LIMIT: '\t300s\n',
      DELAY: ' 60s',
      INTERVAL: '20s ',
      GIVE_UP: ' 400s ',
      PROBES: ' 5 ',
      USER_TIMEOUT: ' 15m ',
      NATIVE: ' off ',
      FOREIGN: ' Watch ',
      REQUEST: ' path ',
      MODE: ' kernel ',
      APP: ' respect ',
      POOL: ' evict ',
      EXCLUDE: ' *.internal , 10.0.0.0/8:5432 ',
      SYSCTL: ' strict ',
      IDLE_WARN: ' 2m ',
      IDLE_LOOPBACK: ' on ',
      AUDIT: ' 1500ms ',
      FORMAT: ' json ',
      METRICS: ' otel ',
    }),
  }
  const { config, problems, given } = parseConfig(all)
  t.same(config, {
    enabled: true,
    profile: 'aws-nlb',
    limitMs: 300_000,
    delayMs: 60_000,
    intervalMs: 20_000,
    giveUpMs: 400_000,
    probes: 5,
    userTimeoutMs: 900_000,
    native: false,
    foreign: 'watch',
    request: 'path',
    mode: 'kernel',
    app: 'respect',
    pool: 'evict',
    exclude: ['*.internal', '10.0.0.0/8:5432'],
    sysctl: 'strict',
    idleWarnMs: 120_000,
    idleLoopback: true,
    auditMs: 1500,
    format: 'json',
    metrics: 'otel',
  })
  t.same(problems, [])
  t.same([...given].sort(), Object.keys(all).sort())
  t.end()
})

t.test('off means off: the rest is not even looked at', (t) => {
  for (const off of ['off', 'OFF', ' Off ', '0', 'false', ' No', 'DISABLED']) {
    const read: (string | symbol)[] = []
    const rest = env({ DELAY: '45', LIMIT: 'banana', MODE: 'kernel', NONSENSE: '1' })
    const watched = new Proxy<Env>(
      { NAT_KEEPALIVE: off, ...rest },
      {
        get(target, key) {
          read.push(key)
          return target[String(key)]
        },
      },
    )
    const { config, problems, given } = parseConfig(watched)
    t.same(config, { ...standard, enabled: false })
    t.same(problems, [])
    t.same([...given], ['NAT_KEEPALIVE'])
    t.same(read, ['NAT_KEEPALIVE'])
  }
  t.end()
})

t.test('what is not given follows from what is', (t) => {
  const table: readonly [Env, Partial<Config>][] = [
    [
      { LIMIT: '60s' },
      { limitMs: 60_000, delayMs: 15_000, intervalMs: 15_000, idleWarnMs: 48_000 },
    ],
    [
      { LIMIT: '2s' },
      { limitMs: 2000, delayMs: 1000, intervalMs: 1000, probes: 127, idleWarnMs: 1600 },
    ],
    [
      { LIMIT: '20s' },
      { limitMs: 20_000, delayMs: 5000, intervalMs: 5000, probes: 72, idleWarnMs: 16_000 },
    ],
    [
      { PROFILE: 'aws-nat-gateway' },
      {
        profile: 'aws-nat-gateway',
        limitMs: 350_000,
        giveUpMs: 365_000,
        probes: 25,
        idleWarnMs: 280_000,
      },
    ],
    [
      { PROFILE: 'aws-nlb', LIMIT: '60s' },
      {
        profile: 'aws-nlb',
        limitMs: 60_000,
        delayMs: 15_000,
        intervalMs: 15_000,
        idleWarnMs: 48_000,
      },
    ],
    [{ DELAY: '5s' }, { delayMs: 5000, intervalMs: 5000, probes: 72 }],
    [{ GIVE_UP: '1m' }, { giveUpMs: 60_000, probes: 4 }],
    [{ GIVE_UP: '1h' }, { giveUpMs: 3_600_000, intervalMs: 29_000, probes: 125 }],
    [
      { GIVE_UP: '1h', PROBES: '4' },
      { giveUpMs: 3_600_000, probes: 4 },
    ],
    [{ USER_TIMEOUT: '10m' }, { userTimeoutMs: 600_000 }],
    [{ DELAY: '90s' }, { delayMs: 90_000 }],
    [
      { INTERVAL: '45s', PROBES: '1' },
      { intervalMs: 45_000, probes: 1 },
    ],
    [
      { IDLE_WARN: 'off', AUDIT: 'off' },
      { idleWarnMs: null, auditMs: null },
    ],
    [
      { LIMIT: '2147483647ms' },
      {
        limitMs: 2_147_483_647,
        giveUpMs: 2_147_498_647,
        intervalMs: 16_910_000,
        probes: 127,
        idleWarnMs: 1_717_986_917,
      },
    ],
  ]
  for (const [short, changes] of table) {
    const { config, problems } = parseConfig(env(short))
    t.same(config, { ...standard, ...changes }, JSON.stringify(short))
    t.same(problems, [], JSON.stringify(short))
  }
  t.end()
})

t.test('a bad value leaves the default and makes one problem that names everything', (t) => {
  const table: readonly [short: string, value: string, message: string][] = [
    [
      'DELAY',
      '45',
      'NAT_KEEPALIVE_DELAY="45" was refused: a bare number is ambiguous (Node counts milliseconds, the kernel seconds), perhaps 45s was meant; expected whole seconds from 1s to 32767s, such as 45s; using 45s.',
    ],
    [
      'LIMIT',
      '1s',
      'NAT_KEEPALIVE_LIMIT="1s" was refused: it is too short; expected a duration from 2s to 596h, such as 350s; using 4m.',
    ],
    [
      'INTERVAL',
      '-5s',
      'NAT_KEEPALIVE_INTERVAL="-5s" was refused: expected whole seconds from 1s to 32767s, such as 15s; using 15s.',
    ],
    [
      'PROBES',
      '128',
      'NAT_KEEPALIVE_PROBES="128" was refused: expected a whole number from 1 to 127; using 24.',
    ],
    [
      'MODE',
      'auto',
      'NAT_KEEPALIVE_MODE="auto" was refused: expected socket or kernel; using socket.',
    ],
    ['APP', 'off', 'NAT_KEEPALIVE_APP="off" was refused: expected cap or respect; using cap.'],
    ['POOL', 'on', 'NAT_KEEPALIVE_POOL="on" was refused: expected off or evict; using off.'],
    [
      'SYSCTL',
      'on',
      'NAT_KEEPALIVE_SYSCTL="on" was refused: expected auto, warn, off or strict; using auto.',
    ],
    [
      'IDLE_WARN',
      'never',
      'NAT_KEEPALIVE_IDLE_WARN="never" was refused: expected a duration from 100ms to 596h, such as 3m, or off; using 3m12s.',
    ],
    [
      'IDLE_LOOPBACK',
      '2',
      'NAT_KEEPALIVE_IDLE_LOOPBACK="2" was refused: expected on or off; using off.',
    ],
    [
      'AUDIT',
      '50ms',
      'NAT_KEEPALIVE_AUDIT="50ms" was refused: it is too short; expected a duration from 100ms to 596h, such as 30s, or off; using 30s.',
    ],
    [
      'REQUEST',
      'query',
      'NAT_KEEPALIVE_REQUEST="query" was refused: expected host, path or off; using host.',
    ],
    [
      'GIVE_UP',
      '10h',
      'NAT_KEEPALIVE_GIVE_UP="10h" was refused: it is too long; expected a duration from 1s to 32767s, such as 10m; using 6m.',
    ],
    [
      'USER_TIMEOUT',
      '30',
      'NAT_KEEPALIVE_USER_TIMEOUT="30" was refused: a bare number is ambiguous (Node counts milliseconds, the kernel seconds), perhaps 30s was meant; expected a duration from 1s to 596h, such as 10m, or off; using off.',
    ],
    ['NATIVE', 'maybe', 'NAT_KEEPALIVE_NATIVE="maybe" was refused: expected on or off; using on.'],
    [
      'FOREIGN',
      'ignore',
      'NAT_KEEPALIVE_FOREIGN="ignore" was refused: expected protect, watch or off; using protect.',
    ],
    ['METRICS', 'on', 'NAT_KEEPALIVE_METRICS="on" was refused: expected off or otel; using off.'],
    ['FORMAT', 'xml', 'NAT_KEEPALIVE_FORMAT="xml" was refused: expected text or json; using text.'],
    [
      'PROFILE',
      'aws-alb',
      'NAT_KEEPALIVE_PROFILE="aws-alb" was refused: aws-alb works at layer 7, where only data resets the limit and keepalive probes do not; expected the id of a layer-4 middlebox (nat-keepalive profiles); using the limit of 4m.',
    ],
    [
      'EXCLUDE',
      '10.0.0.0/33',
      'NAT_KEEPALIVE_EXCLUDE="10.0.0.0/33" was refused: expected host names (*.internal), addresses or CIDR blocks, each with an optional :port ([fd00::1]:443); using none.',
    ],
  ]
  for (const [short, value, message] of table) {
    const { config, problems, given } = parseConfig(env({ [short]: value }))
    t.same(problems, [{ variable: `NAT_KEEPALIVE_${short}`, value, message }])
    t.same(config, standard)
    t.equal(given.size, 0)
  }
  const { config, problems } = parseConfig({ NAT_KEEPALIVE: '2' })
  t.same(config, standard)
  t.match(problems, [{ variable: 'NAT_KEEPALIVE', message: /expected on or off; using on\.$/ }])
  t.equal(table.length + 1, settings.length, 'every variable has its turn')
  t.end()
})

t.test('a problem says what is used in the end, not what would have been', (t) => {
  t.match(messages({ DELAY: '45', LIMIT: '60s' }), [/using 15s\.$/])
  t.match(messages({ PROFILE: 'aws-alb', LIMIT: '60s' }), [/using the limit of 1m\.$/])
  t.match(messages({ LIMIT: '350', PROFILE: 'aws-nlb' }), [/using 5m50s\.$/])
  t.match(messages({ IDLE_WARN: '1', LIMIT: '10s' }), [/using 8s\.$/])
  t.end()
})

t.test('good entries of an exclusion stay, each bad one is a problem', (t) => {
  const { config, problems, given } = parseConfig(
    env({ EXCLUDE: 'a.internal,10.0.0.0/33,, ::1 ,*,b.internal:0' }),
  )
  t.same(config.exclude, ['a.internal', '::1'])
  t.same(
    problems.map(({ value }) => value),
    ['10.0.0.0/33', '*', 'b.internal:0'],
  )
  t.ok(problems.every(({ message }) => message.endsWith('; leaving this entry out.')))
  t.ok(given.has('NAT_KEEPALIVE_EXCLUDE'))
  t.end()
})

t.test('a flood of problems is cut', (t) => {
  const { problems } = parseConfig(env({ EXCLUDE: '!,'.repeat(1000) }))
  t.equal(problems.length, 25)
  t.match(problems.at(-1)?.message, /There are 975 more problems with the settings\.$/)
  t.notMatch(problems.at(-2)?.message, /more problems/)
  t.end()
})

t.test('an unknown name is a problem with the nearest known one', (t) => {
  const one = (name: string, value = '1') => parseConfig({ [name]: value }).problems
  t.same(one('NAT_KEEPALIVE_DELAI', '45s'), [
    {
      variable: 'NAT_KEEPALIVE_DELAI',
      value: '45s',
      message:
        'NAT_KEEPALIVE_DELAI="45s" was ignored: there is no setting of this name, the nearest is NAT_KEEPALIVE_DELAY.',
    },
  ])
  t.match(one('NAT_KEEPALIVE_'), [{ message: /the nearest is NAT_KEEPALIVE\.$/ }])
  t.match(one('nat_keepalive_delay'), [{ message: /the nearest is NAT_KEEPALIVE_DELAY\.$/ }])
  t.match(one(`NAT_KEEPALIVE_${'X'.repeat(99)}`), [
    { message: /there is no setting of this name\.$/ },
  ])
  t.match(one('NAT_KEEPALIVE_A\nB'), [{ variable: 'NAT_KEEPALIVE_A\\nB' }])
  t.same(parseConfig({ NAT_KEEPALIVE_DELAI: '45s' }).config, standard)
  t.end()
})

t.test('on Windows a name in any case is the setting, and no problem', (t) => {
  const windows = new Proxy<Env>(
    { nat_keepalive_delay: '30s' },
    { get: (target, key) => target[String(key).toLowerCase()] },
  )
  const { config, problems } = parseConfig(windows)
  t.equal(config.delayMs, 30_000)
  t.same(problems, [])
  t.end()
})

t.test('a delay that is not below the limit is replaced by the default one', (t) => {
  const { config, problems, given } = parseConfig(env({ DELAY: '240s', LIMIT: '60s' }))
  t.same([config.limitMs, config.delayMs, config.intervalMs], [60_000, 15_000, 15_000])
  t.same(problems, [
    {
      variable: 'NAT_KEEPALIVE_DELAY',
      value: '240s',
      message:
        'NAT_KEEPALIVE_DELAY="240s" was refused: expected less than the limit of 1m, which the first probe has to come before; using 15s.',
    },
  ])
  t.same([...given], ['NAT_KEEPALIVE_LIMIT'])
  t.equal(parseConfig(env({ DELAY: '240s' })).config.delayMs, 45_000, 'equal is not less')
  t.equal(parseConfig(env({ DELAY: '239s' })).config.delayMs, 239_000)
  t.end()
})

t.test('an interval that is more than the delay becomes the delay', (t) => {
  const table: readonly [Env, number][] = [
    [{ INTERVAL: '60s' }, 45_000],
    [{ INTERVAL: '20s', DELAY: '10s' }, 10_000],
    [{ INTERVAL: '16s', LIMIT: '60s' }, 15_000],
  ]
  for (const [short, used] of table) {
    const { config, problems, given } = parseConfig(env(short))
    t.equal(config.intervalMs, used)
    t.equal(problems.length, 1)
    t.match(
      problems[0]?.message,
      /^NAT_KEEPALIVE_INTERVAL=.*no more than the delay of (.+); using \1\.$/,
    )
    t.notOk(given.has('NAT_KEEPALIVE_INTERVAL'))
  }
  t.same(messages({ INTERVAL: '10s', DELAY: '10s' }), [])
  t.end()
})

t.test('too few probes before the limit are a word, and kept', (t) => {
  const { config, problems, given } = parseConfig(env({ DELAY: '230s' }))
  t.equal(config.delayMs, 230_000)
  t.ok(given.has('NAT_KEEPALIVE_DELAY'))
  t.same(problems, [
    {
      variable: 'NAT_KEEPALIVE_DELAY',
      value: '230s',
      message:
        'NAT_KEEPALIVE_DELAY="230s" is used, but only one probe comes before the limit of 4m: where it is lost, the connection is forgotten. A shorter delay leaves room for more.',
    },
  ])
  t.same(messages({ DELAY: '209s' }), [], '209, 224 and 239 are less than 240')
  t.match(messages({ DELAY: '210s' }), [/only 2 probes come before/])
  t.match(messages({ DELAY: '170s', INTERVAL: '40s' }), [/_DELAY="170s" is used, but only 2/])
  t.same(messages({ LIMIT: '60s' }), [])
  t.same(messages({ LIMIT: '60s', DELAY: '15s', INTERVAL: '15s', PROBES: '4' }), [])
  t.same(messages({ LIMIT: '2s', DELAY: '1s' }), [], 'more do not fit')
  t.end()
})

t.test('a time to give up that is not reached is a word, and kept', (t) => {
  t.match(messages({ GIVE_UP: '10m', INTERVAL: '2s' }), [
    /^NAT_KEEPALIVE_GIVE_UP="10m" is not reached: the kernel takes no more than 127 probes, 2s apart; giving up after 4m14s\.$/,
  ])
  t.same(messages({ GIVE_UP: '10m', PROBES: '4' }), [], 'PROBES wins')
  t.same(messages({ INTERVAL: '2s' }), [], 'nobody asked for it')
  t.same(messages({ GIVE_UP: '30m' }), [], 'the interval grows')
  t.end()
})

t.test('a warning that comes after the limit is a word, and kept', (t) => {
  const { config, problems } = parseConfig(env({ IDLE_WARN: '4m' }))
  t.equal(config.idleWarnMs, 240_000)
  t.same(problems, [
    {
      variable: 'NAT_KEEPALIVE_IDLE_WARN',
      value: '4m',
      message:
        'NAT_KEEPALIVE_IDLE_WARN="4m" is used, but it is not less than the limit of 4m, so the connection may be gone before the warning. Less than 4m warns in time.',
    },
  ])
  t.same(messages({ IDLE_WARN: '239s' }), [])
  t.end()
})

t.test('several contradictions are as many problems', (t) => {
  const found = messages({ DELAY: '5m', INTERVAL: '6m', IDLE_WARN: '7m', PROBES: '127' })
  t.match(found, [
    /^NAT_KEEPALIVE_DELAY="5m" was refused/,
    /^NAT_KEEPALIVE_INTERVAL="6m" was refused/,
    /^NAT_KEEPALIVE_IDLE_WARN="7m" is used/,
  ])
  t.equal(found.length, 3)
  t.end()
})

t.test('a hostile value cannot break the log', (t) => {
  const hostile = [
    'a"b\\c',
    'line\nbreak\r\tand\0nul',
    '\u001b[31mred\u009b0m',
    '\u202eright to left\u2028\u2029\u0085\u007f',
    '\ud800 half a pair',
    '\u{1f4a3}'.repeat(500),
    'x'.repeat(100_000),
    '"'.repeat(100),
    '%s%d%o%%',
  ]
  for (const value of hostile) {
    for (const { name } of settings) {
      const { problems } = parseConfig({ [name]: value })
      t.equal(problems.length, 1, name)
      const problem = problems[0]
      if (problem === undefined) continue
      t.match(problem.value, /^(?:[ -~]|\u{1f4a3})*$/u)
      t.match(problem.message, /^(?:[ -~]|\u{1f4a3})*$/u)
      t.ok(problem.value.length <= 83 && problem.message.length < 500, 'and it is short')
      t.ok(problem.message.startsWith(`${name}="${problem.value}" was refused:`))
      const whole = problem.value.replace(/\.\.\.$/, '')
      t.ok(value.startsWith(JSON.parse(`"${whole}"`)), 'the escapes are those of JSON, uncut')
    }
  }
  t.end()
})

t.test('never throws, whatever the environment is', (t) => {
  const fail = () => {
    throw new Error('hostile')
  }
  const environments: unknown[] = [
    new Proxy({}, { get: fail }),
    new Proxy({ NAT_KEEPALIVE_X: '1' }, { ownKeys: fail }),
    new Proxy({ NAT_KEEPALIVE_DELAY: '1' }, { get: fail, ownKeys: () => ['NAT_KEEPALIVE_Z'] }),
    Object.defineProperty({}, 'NAT_KEEPALIVE_DELAY', { enumerable: true, get: fail }),
    Object.create(null),
    { NAT_KEEPALIVE_DELAY: 45_000, NAT_KEEPALIVE_MODE: {}, NAT_KEEPALIVE: false },
    null,
    undefined,
    7,
  ]
  for (const hostile of environments) {
    const { config, given } = parseConfig(hostile as Env)
    t.same(config, standard)
    t.equal(given.size, 0)
  }
  t.end()
})

t.test('asks for the keys once', (t) => {
  let asked = 0
  const counting = new Proxy<Env>(
    {},
    {
      ownKeys() {
        asked++
        return []
      },
    },
  )
  parseConfig(counting)
  t.equal(asked, 1)
  t.end()
})

t.test('options are laid over a config', (t) => {
  const all: Config = {
    enabled: true,
    profile: 'aws-nlb',
    limitMs: 300_000,
    delayMs: 60_000,
    intervalMs: 20_000,
    giveUpMs: 400_000,
    probes: 5,
    userTimeoutMs: 900_000,
    native: false,
    foreign: 'watch',
    request: 'path',
    mode: 'kernel',
    app: 'respect',
    pool: 'evict',
    exclude: ['*.internal'],
    sysctl: 'strict',
    idleWarnMs: null,
    idleLoopback: true,
    auditMs: null,
    format: 'json',
    metrics: 'otel',
  }
  t.same(applyOptions(standard, all), { config: all, problems: [] })
  t.same(applyOptions(all, {}), { config: all, problems: [] })
  t.same(applyOptions(all, undefined), { config: all, problems: [] })
  t.same(
    applyOptions(all, standard),
    { config: standard, problems: [] },
    'null takes a profile back',
  )
  t.same(applyOptions(standard, { limitMs: undefined } as never), {
    config: standard,
    problems: [],
  })
  t.end()
})

t.test('what followed in the base follows the options, what was chosen stays', (t) => {
  const moved = { limitMs: 60_000, delayMs: 15_000, intervalMs: 15_000, idleWarnMs: 48_000 }
  const table: readonly [Env, Partial<Config>, Partial<Config>][] = [
    [{}, { limitMs: 60_000 }, moved],
    [{}, { delayMs: 5000 }, { delayMs: 5000, intervalMs: 5000, probes: 72 }],
    [
      {},
      { profile: 'aws-nlb' },
      {
        profile: 'aws-nlb',
        limitMs: 350_000,
        giveUpMs: 365_000,
        probes: 25,
        idleWarnMs: 280_000,
      },
    ],
    [
      { GIVE_UP: '1m' },
      { intervalMs: 10_000 },
      { giveUpMs: 60_000, intervalMs: 10_000, probes: 6 },
    ],
    [{}, { giveUpMs: 3_600_000 }, { giveUpMs: 3_600_000, intervalMs: 29_000, probes: 125 }],
    [{ LIMIT: '60s' }, { limitMs: 240_000 }, {}],
    [{ LIMIT: '60s' }, { profile: 'aws-nlb' }, { ...moved, profile: 'aws-nlb' }],
    [
      { DELAY: '10s', INTERVAL: '3s', IDLE_WARN: '30s' },
      { limitMs: 60_000 },
      { limitMs: 60_000, delayMs: 10_000, intervalMs: 3000, probes: 120, idleWarnMs: 30_000 },
    ],
    [{ IDLE_WARN: 'off' }, { limitMs: 60_000 }, { ...moved, idleWarnMs: null }],
    [
      { PROFILE: 'ipvs' },
      { probes: 2 },
      { profile: 'ipvs', limitMs: 900_000, giveUpMs: 915_000, probes: 2, idleWarnMs: 720_000 },
    ],
  ]
  for (const [short, options, changes] of table) {
    const { config, problems } = applyOptions(parseConfig(env(short)).config, options)
    const name = `${JSON.stringify(short)} and ${JSON.stringify(options)}`
    t.same(config, { ...standard, ...changes }, name)
    t.same(problems, [], name)
  }
  t.end()
})

t.test('bad options are problems that name the option', (t) => {
  const { config, problems } = applyOptions(standard, {
    limitMs: '60s',
    delayMs: 45,
    intervalMs: 1500,
    probes: 4n,
    mode: Symbol('kernel'),
    app: () => 'cap',
    exclude: ['a.internal', 7, '*'],
    profile: {},
    auditMs: Number.NaN,
    enabled: 'off',
    delay: 3,
    constructor: 1,
  } as never)
  t.same(config, { ...standard, exclude: ['a.internal'] })
  t.same(
    problems.map(({ message }) => message),
    [
      'limitMs="60s" was refused: expected a number of milliseconds, from 2000 to 2147483647; using 4m.',
      'delayMs=45 was refused: it is too short; expected a number of milliseconds in whole seconds, from 1000 to 32767000; using 45s.',
      'intervalMs=1500 was refused: the kernel counts it in whole seconds; expected a number of milliseconds in whole seconds, from 1000 to 32767000; using 15s.',
      'probes=4n was refused: expected a whole number from 1 to 127; using 24.',
      'mode=a symbol was refused: expected socket or kernel; using socket.',
      'app=a function was refused: expected cap or respect; using cap.',
      'exclude=7 was refused: expected an array of host names (*.internal), addresses or CIDR blocks, each with an optional :port ([fd00::1]:443); leaving this entry out.',
      'exclude="*" was refused: expected an array of host names (*.internal), addresses or CIDR blocks, each with an optional :port ([fd00::1]:443); leaving this entry out.',
      'profile=an object was refused: expected the id of a layer-4 middlebox (nat-keepalive profiles) or null; using the limit of 4m.',
      'auditMs=NaN was refused: expected a number of milliseconds, from 100 to 2147483647, or null; using 30s.',
      'enabled="off" was refused: expected true or false; using on.',
      'delay=3 was ignored: there is no option of this name, the nearest is delayMs.',
      'constructor=1 was ignored: there is no option of this name.',
    ],
  )
  t.end()
})

t.test('a refused option leaves the value of the base, not the default', (t) => {
  const base = parseConfig(env({ DELAY: '10s', MODE: 'kernel' })).config
  const { config, problems } = applyOptions(base, { delayMs: -1, mode: 'x' } as never)
  t.same(config, base)
  t.match(problems, [{ message: /using 10s\.$/ }, { message: /using kernel\.$/ }])
  t.end()
})

t.test('options that contradict each other or the base are told apart by name', (t) => {
  const found = (base: Config, options: Partial<Config>) => {
    const { config, problems } = applyOptions(base, options)
    return [
      config.delayMs,
      config.intervalMs,
      ...problems.map(({ message }) => message.split(';')[0]),
    ]
  }
  t.same(found(standard, { delayMs: 240_000 }), [
    45_000,
    15_000,
    'delayMs=240000 was refused: expected less than the limit of 4m, which the first probe has to come before',
  ])
  t.same(found(parseConfig(env({ DELAY: '100s' })).config, { limitMs: 60_000 }), [
    15_000,
    15_000,
    'delayMs=100000 was refused: expected less than the limit of 1m, which the first probe has to come before',
  ])
  t.same(found(standard, { intervalMs: 46_000 }), [
    45_000,
    45_000,
    'intervalMs=46000 was refused: expected no more than the delay of 45s',
  ])
  t.match(found(standard, { delayMs: 230_000 }), [230_000, 15_000, /^delayMs=230000 is used/])
  t.end()
})

t.test('what was said about the environment is not said again about the options', (t) => {
  const { config, problems } = parseConfig(env({ DELAY: '230s', IDLE_WARN: '5m' }))
  t.equal(problems.length, 2)
  t.same(applyOptions(config, { format: 'json' }).problems, [])
  t.end()
})

t.test('switched off from code, nothing is said', (t) => {
  const { config, problems } = applyOptions(standard, { enabled: false, delayMs: 1 })
  t.same(config, { ...standard, enabled: false })
  t.same(problems, [])
  t.equal(applyOptions(config, { enabled: true }).config.enabled, true)
  t.end()
})

t.test('never throws, whatever the options are', (t) => {
  const fail = () => {
    throw new Error('hostile')
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const list = Proxy.revocable([], {})
  list.revoke()
  const table: readonly [options: unknown, problems: number][] = [
    [null, 1],
    [7, 1],
    ['delayMs', 1],
    [true, 1],
    [[], 1],
    [() => {}, 1],
    [Symbol('x'), 1],
    [{}, 0],
    [Object.create(null), 0],
    [revoked.proxy, 1],
    [list.proxy, 1],
    [{ exclude: list.proxy }, 1],
    [new Proxy({}, { ownKeys: fail }), 1],
    [new Proxy({ delayMs: 5000 }, { get: fail }), 1],
    [
      {
        get delayMs() {
          return fail()
        },
        probes: 24,
      },
      1,
    ],
    [{ delayMs: { toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail } }, 1],
    [{ mode: Object.create(null) }, 1],
    [{ exclude: [{ toString: fail }, Symbol('x'), null, undefined] }, 4],
  ]
  for (const [options, count] of table) {
    const { config, problems } = applyOptions(standard, options as never)
    t.same(config, standard)
    t.equal(problems.length, count)
    for (const { message } of problems) t.match(message, /^[ -~]+\.$/)
  }
  t.same(
    applyOptions(standard, {
      get auditMs(): number {
        return fail()
      },
      probes: 9,
    }),
    {
      config: { ...standard, probes: 9 },
      problems: [
        { variable: 'auditMs', value: '', message: 'auditMs was ignored: reading it failed.' },
      ],
    },
    'one that throws does not hide the next',
  )
  t.end()
})

t.test('changes neither the base nor what a program holds on to', (t) => {
  const base = Object.freeze({ ...standard, exclude: Object.freeze(['a.internal']) })
  const rules = ['b.internal']
  const { config } = applyOptions(base, { limitMs: 60_000, exclude: rules })
  rules.push('c.internal')
  t.same(config.exclude, ['b.internal'])
  t.same(base.exclude, ['a.internal'])
  t.equal(base.limitMs, 240_000)
  t.end()
})
