import t from 'tap'
import { formatDuration, maxDurationMs, parseDuration } from '../../../src/settings/duration'

t.test('reads durations with a unit', (t) => {
  const table: readonly [string, number][] = [
    ['1500ms', 1500],
    ['0ms', 0],
    ['0s', 0],
    ['45s', 45_000],
    ['045s', 45_000],
    ['90s', 90_000],
    ['5m', 300_000],
    ['5m50s', 350_000],
    ['2h', 7_200_000],
    ['1h500ms', 3_600_500],
    ['1h2m3s4ms', 3_723_004],
    ['2147483647ms', maxDurationMs],
    ['2147483s647ms', maxDurationMs],
    ['596h31m23s', 2_147_483_000],
  ]
  for (const [text, ms] of table) t.equal(parseDuration(text), ms, text)
  t.end()
})

t.test('refuses everything else', (t) => {
  const table = [
    '',
    ' ',
    '45',
    '0',
    's',
    'ms',
    'fast',
    '-45s',
    '+45s',
    '4.5s',
    '4,5s',
    '.5s',
    '1e3s',
    '0x10s',
    '1_000s',
    'Infinitys',
    'NaNs',
    '45 s',
    ' 45s',
    '45s ',
    '5m 50s',
    '45s\n',
    '45s\0',
    '50s5m',
    '1m1h',
    '1ms1s',
    '5s5s',
    '5m5m',
    '45S',
    '5M',
    '45sec',
    '45secs',
    '5min',
    '1d',
    '5m50',
    '４５s',
    '٤٥s',
    '45ｓ',
    '45ſ',
    '2147483648ms',
    '2147484s',
    '597h',
    '596h31m24s',
    '9999999999h',
    '99999999999999999999s',
    `${'9'.repeat(100_000)}s`,
  ]
  for (const text of table) t.equal(parseDuration(text), null, JSON.stringify(text.slice(0, 30)))
  t.end()
})

t.test('writes the shortest form that reads well', (t) => {
  const table: readonly [number, string][] = [
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1500ms'],
    [45_000, '45s'],
    [60_000, '1m'],
    [240_000, '4m'],
    [350_000, '5m50s'],
    [3_600_000, '1h'],
    [3_601_000, '1h1s'],
    [7_260_000, '2h1m'],
    [432_000_000, '120h'],
    [1500.4, '1500ms'],
    [44_999.9, '45s'],
    [maxDurationMs, '2147483647ms'],
  ]
  for (const [ms, text] of table) t.equal(formatDuration(ms), text, String(ms))
  t.end()
})

t.test('stays legible where there is no such duration', (t) => {
  t.equal(formatDuration(-1000), '-1000ms')
  t.equal(formatDuration(Number.NaN), 'NaNms')
  t.equal(formatDuration(Number.POSITIVE_INFINITY), 'Infinityms')
  t.end()
})

t.test('what is written is read back exactly', (t) => {
  const wrong: number[] = []
  const check = (ms: number) => parseDuration(formatDuration(ms)) === ms || wrong.push(ms)
  for (let ms = 0; ms < 200_000; ms += 7) check(ms)
  for (let ms = 0; ms < maxDurationMs; ms += 999_983) check(ms)
  for (let seconds = 0; seconds < 32_768; seconds++) check(seconds * 1000)
  t.same(wrong, [])
  t.end()
})
