import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { parseSysctl, readKeepaliveSysctls } from '../../../src/kernel/sysctl'

const folder = 'sys/net/ipv4'

/** A /proc with the kernel's defaults, less or more some files; null leaves one out. */
function procOf(t: Test, files: Record<string, string | Buffer | object | null> = {}) {
  const all = { time: '7200\n', intvl: '75\n', probes: '9\n', ...files }
  const named = Object.entries(all).map(([name, content]) => [`tcp_keepalive_${name}`, content])
  const given = Object.fromEntries(named.filter(([, content]) => content !== null))
  const root = t.testdir({ sys: { net: { ipv4: given } } })
  return { root, proc: createProcFs(root, 'linux') }
}

t.test('a sysctl is one positive integer', (t) => {
  const table: readonly [string, number | null][] = [
    ['7200\n', 7_200],
    ['7200', 7_200],
    ['1\n', 1],
    ['  75\t\n', 75],
    ['2147483647\n', 2_147_483_647],
    ['', null],
    ['\n', null],
    ['0\n', null],
    ['00\n', null],
    ['007\n', null],
    ['-1\n', null],
    ['+1\n', null],
    ['1.5\n', null],
    ['1e3\n', null],
    ['0x10\n', null],
    ['12345678901\n', null],
    ['7200 75\n', null],
    ['7200\n75\n', null],
    ['7200s\n', null],
    ['7,200\n', null],
    ['NaN\n', null],
    ['Infinity\n', null],
    ['\u0663\n', null],
    ['7200\0', null],
    ['\0', null],
    ['default\n', null],
    [`${'9'.repeat(100_000)}\n`, null],
    [' '.repeat(100_000), null],
  ]
  for (const [text, value] of table) {
    t.equal(parseSysctl(text), value, JSON.stringify(text.slice(0, 20)))
  }
  t.end()
})

t.test('reads the three values', (t) => {
  const { proc } = procOf(t, { time: '45\n', intvl: '15\n', probes: '4\n' })
  t.same(readKeepaliveSysctls(proc), {
    known: true,
    value: { timeSeconds: 45, intervalSeconds: 15, probes: 4 },
  })
  t.end()
})

t.test('one value that is missing or a folder leaves all of them unknown', (t) => {
  for (const name of ['time', 'intvl', 'probes']) {
    const missing = procOf(t, { [name]: null })
    const file = `${missing.root}/${folder}/tcp_keepalive_${name}`
    const why = (code: string) => ({ known: false, why: `${file} could not be read (${code})` })
    t.same(readKeepaliveSysctls(missing.proc), why('ENOENT'), `${name} missing`)
    const broken = procOf(t, { [name]: {} })
    t.same(readKeepaliveSysctls(broken.proc), why('EISDIR'), `${name} is a folder`)
  }
  t.end()
})

t.test('one value that is garbled leaves all of them unknown, and shows it', (t) => {
  const table: readonly [string | Buffer, string][] = [
    ['', '""'],
    ['\n', '"\\n"'],
    ['0\n', '"0\\n"'],
    ['-5\n', '"-5\\n"'],
    ['45s\n', '"45s\\n"'],
    ['7200 75 9\n', '"7200 75 9\\n"'],
    ['say "45"', '"say \\"45\\""'],
    ['\u001b[2J45', '"\\u001b[2J45"'],
    [Buffer.from([0, 1, 2]), '"\\u0000\\u0001\\u0002"'],
    ['9'.repeat(8 << 20), `"${'9'.repeat(40)}"`],
    ['\n'.repeat(1_000), `"${'\\n'.repeat(40)}"`],
  ]
  for (const name of ['time', 'intvl', 'probes']) {
    for (const [content, shown] of table) {
      const { proc } = procOf(t, { [name]: content })
      t.same(readKeepaliveSysctls(proc), {
        known: false,
        why: `/proc/${folder}/tcp_keepalive_${name} holds ${shown}, which is not a positive integer`,
      })
    }
  }
  t.end()
})

t.test('the reason cannot break or colour a line of a log', (t) => {
  const { proc } = procOf(t, { time: Buffer.from([0x1b, 0x9b, 0x85, 0x7f, 0x0a]) })
  const reading = readKeepaliveSysctls(proc)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(reading.known ? '' : reading.why, /[\u0000-\u001f\u007f-\u009f]/)
  t.end()
})

t.test('without a /proc nothing is known', (t) => {
  const { root, proc } = procOf(t)
  rmSync(join(root, 'sys'), { recursive: true })
  t.equal(readKeepaliveSysctls(proc).known, false)
  t.same(readKeepaliveSysctls(createProcFs(root, 'darwin')), {
    known: false,
    why: 'there is no /proc on darwin',
  })
  t.end()
})

t.test('the kernel of this machine is read, where it is Linux', (t) => {
  const reading = readKeepaliveSysctls(createProcFs())
  t.equal(reading.known, process.platform === 'linux')
  if (reading.known) t.ok(reading.value.timeSeconds >= 1)
  t.end()
})
