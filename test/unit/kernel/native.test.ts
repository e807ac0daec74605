import { join } from 'node:path'
import t from 'tap'
import { errorName, loadNative, openNative } from '../../../src/kernel/native'
import { root } from '../../run-node'

const here = {
  folder: join(root, 'src/kernel'),
  platform: process.platform,
  arch: process.arch,
  versions: process.versions,
}

t.test('what it is not for is refused with the reason, before any file is looked at', (t) => {
  const table: readonly [string, Partial<Parameters<typeof openNative>[0]>, RegExp][] = [
    [
      'macOS',
      { platform: 'darwin' },
      /no native part for darwin-\w+, only for linux-x64 and linux/,
    ],
    ['Windows', { platform: 'win32' }, /no native part for win32-/],
    ['Android', { platform: 'android' }, /no native part for android-/],
    ['another processor', { arch: 'riscv64' }, /no native part for linux-riscv64/],
    ['Bun', { versions: { node: '22.0.0', bun: '1.4.4' } }, /^this is bun and not Node$/],
    ['Deno', { versions: { node: '22.0.0', deno: '2.9.6' } }, /^this is deno and not Node$/],
    ['ES modules', { folder: null }, /^this program was bundled/],
    ['elsewhere', { folder: '/proc' }, /^native\/linux-\w+\.node is not in the folder of the pack/],
  ]
  for (const [name, other, why] of table) {
    const native = openNative({ ...here, ...other })
    t.match(native, { known: false, why }, name)
  }
  t.end()
})

t.test('it is loaded once, and not at all where it is not wanted', (t) => {
  t.strictSame(loadNative(false), { known: false, why: 'NAT_KEEPALIVE_NATIVE is off' })
  const native = loadNative()
  t.equal(loadNative(), native)
  t.strictSame(loadNative(false), { known: false, why: 'NAT_KEEPALIVE_NATIVE is off' })
  if (!native.known) return t.fail(native.why)
  t.strictSame(Object.keys(native.value).sort(), [
    'closeDump',
    'openDump',
    'openProcess',
    'readSocket',
    'receiveDump',
    'setKeepalive',
    'takeDescriptor',
  ])
  t.end()
})

t.test('a loader that throws whatever it likes is a refusal', (t) => {
  const { dlopen } = process
  t.teardown(() => {
    process.dlopen = dlopen
  })
  const disabled = Object.assign(new Error('Cannot load'), { code: 'ERR_DLOPEN_DISABLED' })
  const table: readonly [unknown, RegExp][] = [
    [disabled, /^Node was started with --no-addons$/],
    [new Error('x.node: invalid ELF header\nmore'), /x64|arm64.*could not be loaded \(.*header\)$/],
    [new Error('failed to map segment from shared object'), /noexec/],
    ['text', /could not be loaded \(text\)/],
    [undefined, /could not be loaded \(undefined\)/],
    [null, /could not be loaded \(null\)/],
  ]
  for (const [thrown, why] of table) {
    process.dlopen = () => {
      throw thrown
    }
    t.match(openNative(here), { known: false, why }, String(thrown))
  }
  t.end()
})

t.test('errors have their names', (t) => {
  t.equal(errorName(-1), 'EPERM')
  t.equal(errorName(-22), 'EINVAL')
  t.equal(errorName(-93), 'EPROTONOSUPPORT')
  t.equal(errorName(0), 'error 0')
  t.match(errorName(-4_000), /4000/)
  t.end()
})
