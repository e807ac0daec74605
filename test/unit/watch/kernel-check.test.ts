import t from 'tap'
import { type Config, parseConfig } from '../../../src/settings/config'
import { judgeKernel } from '../../../src/watch/kernel-check'
import { runNode } from '../../run-node'

const { config: standard } = parseConfig({})

function kernel(timeSeconds: number) {
  return { known: true, value: { timeSeconds, intervalSeconds: 75, probes: 9 } } as const
}

t.test('the first probe has to come before the limit', (t) => {
  const table: readonly [timeSeconds: number, limitMs: number, late: boolean][] = [
    [1, 240_000, false],
    [239, 240_000, false],
    [240, 240_000, true],
    [241, 240_000, true],
    [7_200, 240_000, true],
    [7_200, 7_199_999, true],
    [7_200, 7_200_000, true],
    [7_200, 7_200_001, false],
    [1, 2_000, false],
    [2, 2_000, true],
    [2, 2_500, false],
    [3, 2_500, true],
    [2_147_483_647, 2_147_483_647, true],
  ]
  for (const mode of ['socket', 'kernel'] as const) {
    for (const [timeSeconds, limitMs, late] of table) {
      const finding = judgeKernel(kernel(timeSeconds), { ...standard, limitMs, mode })
      const name = `${timeSeconds} s, limit ${limitMs} ms, ${mode} mode`
      t.equal(finding?.code ?? null, late ? 'NKA101' : null, name)
    }
  }
  t.end()
})

t.test('only the time before the first probe is judged', (t) => {
  const value = { timeSeconds: 45, intervalSeconds: 9_999, probes: 127 }
  t.equal(judgeKernel({ known: true, value }, standard), null)
  t.end()
})

t.test('socket mode says that the sockets of JavaScript are not concerned', (t) => {
  const text = judgeKernel(kernel(7_200), standard)?.text
  t.match(text, 'This concerns only sockets the hook cannot reach')
  t.match(text, 'those of JavaScript are probed after 45s')
  t.notMatch(text, 'NAT_KEEPALIVE_MODE')
  t.end()
})

t.test('kernel mode says that every socket is', (t) => {
  const text = judgeKernel(kernel(7_200), { ...standard, mode: 'kernel' })?.text
  t.match(text, 'NAT_KEEPALIVE_MODE=kernel leaves every socket of this process to these values.')
  t.notMatch(text, 'only sockets the hook cannot reach')
  t.end()
})

t.test('unknown is never a verdict', (t) => {
  const configs: readonly Partial<Config>[] = [
    {},
    { mode: 'kernel' },
    { sysctl: 'strict' },
    { limitMs: 2_000 },
  ]
  for (const config of configs) {
    const reading = { known: false, why: '/proc/sys could not be read (EACCES)' } as const
    const finding = judgeKernel(reading, { ...standard, ...config })
    t.match(finding?.text, 'is not known: /proc/sys could not be read (EACCES).')
    t.strictSame(finding?.data, { known: false, why: reading.why })
    t.notMatch(finding?.text, /would send|forgets|\d+ s idle/)
  }
  t.end()
})

const head = `
  const { channel } = require('node:diagnostics_channel')
  const check = require('./dist/watch/kernel-check.js')
  const { parseConfig } = require('./dist/settings/config.js')
  const { config } = parseConfig({})
  const read = []
  const proc = (seconds) => ({
    read: (path) => { read.push(path); return { known: true, value: String(seconds) } },
    link: () => ({ known: false, why: 'none' }),
  })`

t.test('a connection that lives by the kernel’s values has them told, once', async (t) => {
  const script = `${head}
    check.tellOfKernel(proc(30), config)
    for (let time = 0; time < 3; time++) check.tellOfKernel(proc(7200), config)`
  const { stderr } = await runNode(['-e', script])
  t.equal(stderr.match(/NKA101/g)?.length, 1)
  t.match(stderr, /7200 s idle/)
})

t.test('what was told at the start is not told again, and off is never', async (t) => {
  const warned = await runNode([
    '-e',
    `${head}
    check.checkKernel(proc(7200), { ...config, sysctl: 'warn' }, false)
    check.tellOfKernel(proc(7200), { ...config, sysctl: 'warn' })`,
  ])
  t.equal(warned.stderr.match(/NKA101/g)?.length, 1)
  const off = `${head}
    check.tellOfKernel(proc(7200), { ...config, sysctl: 'off' })`
  t.equal((await runNode(['-e', off])).stderr, '')
})

t.test('the channel hears the outcome once, and without a listener nothing is read', async (t) => {
  const script = `${head}
    check.showKernel(proc(7200), config)
    console.log(read.length)
    channel('nat-keepalive:kernel').subscribe(({ code, data }) => {
      console.log(data.sysctls.timeSeconds, code)
    })
    check.showKernel(proc(7200), config)
    check.showKernel(proc(7200), config)`
  const { stdout, stderr } = await runNode(['-e', script])
  t.strictSame([stdout, stderr], ['0\n7200 NKA101\n', ''])
})
