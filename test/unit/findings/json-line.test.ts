import t from 'tap'
import { jsonLine } from '../../../src/findings/json-line'
import { version } from '../../../src/process/version'

const finding = { code: 'NKA201', text: 'A connection has been idle.', data: { count: 2 } } as const

t.test('what a line has, in this order', (t) => {
  const line = JSON.parse(jsonLine(finding))
  t.strictSame(Object.keys(line), ['level', 'message', 'code', 'version', 'time', 'pid', 'count'])
  t.match(line, { level: 'warn', message: finding.text, code: 'NKA201', version, count: 2 })
  t.equal(JSON.parse(jsonLine(finding, { level: 'error' })).level, 'error')
  t.equal(JSON.parse(jsonLine(finding, { dropped: 3 })).dropped, 3)
  t.end()
})

t.test('data does not take the place of what every line has', (t) => {
  const data = {
    level: 'x',
    message: 'x',
    code: 'x',
    version: '9.9.9',
    time: 'x',
    pid: 0,
    other: 1,
  }
  const line = JSON.parse(jsonLine({ ...finding, data }))
  t.match(line, { level: 'warn', message: finding.text, code: 'NKA201', version, other: 1 })
  t.equal(line.pid, process.pid)
  t.end()
})

t.test('a line has at most 4,095 bytes, whatever it is about', (t) => {
  const long = ['x', 'ż', '💣', '\n', '"', '\u0000'].map((one) => one.repeat(100_000))
  for (const text of long) {
    for (const data of [{}, { host: text }, { a: text, b: text, list: [text, text] }]) {
      const line = jsonLine({ ...finding, text, data })
      t.ok(Buffer.byteLength(line) <= 4_095, `${Buffer.byteLength(line)} bytes`)
      t.notMatch(line, '\n')
      t.equal(JSON.parse(line).code, 'NKA201')
    }
  }
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]),
  )
  const cut = JSON.parse(jsonLine({ ...finding, data: many }))
  t.match(cut, { message: finding.text, cut: true })
  t.end()
})

t.test('a long text costs others nothing while there is room', (t) => {
  const data = { host: 'x'.repeat(1_000), place: '/app/db.js:12' }
  t.match(JSON.parse(jsonLine({ ...finding, data })), data)
  t.end()
})
