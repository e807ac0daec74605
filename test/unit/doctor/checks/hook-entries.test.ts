import { join } from 'node:path'
import t from 'tap'
import {
  addHook,
  hookEntries,
  hookVersion,
  requireOption,
} from '../../../../src/doctor/checks/hook-entries'
import { machineWith } from './machine'

const manifest = (version: string) => JSON.stringify({ name: 'nat-keepalive', version })

const files = {
  'opt/nat-keepalive/register.js': '',
  'opt/nat-keepalive/package.json': manifest('0.1.0'),
  'opt/bare/nat-keepalive/dist/register.js': "exports.version = '0.0.8';",
  'opt/other/register.js': '',
  'opt/other/package.json': '{"name":"other"}',
}

t.test('the hook goes before what is there, once', (t) => {
  const where = machineWith(t, files)
  const register = requireOption('/opt/nat-keepalive/register.js')
  const added = '--require=/opt/nat-keepalive/register.js'
  t.equal(addHook('', register, where), added)
  t.equal(addHook('  ', register, where), added)
  t.equal(addHook('--no-warnings -r "a b"', register, where), `${added} --no-warnings -r "a b"`)
  for (const there of [added, '-r /opt/nat-keepalive/register.js']) {
    t.equal(addHook(there, register, where), there)
  }
  t.equal(
    addHook('-r /opt/other/register.js', register, where),
    `${added} -r /opt/other/register.js`,
  )
  const spaced = requireOption('/a b/"c\\d"/register.js')
  t.equal(spaced, '--require="/a b/\\"c\\\\d\\"/register.js"')
  t.end()
})

t.test('a copy under another name is known by its package.json', (t) => {
  const where = machineWith(t, files)
  const folder = join('/srv/app', 'renamed')
  t.strictSame(hookEntries('-r ./renamed/register.js', where).entries, [])
  const own = machineWith(t, { 'srv/app/renamed/package.json': manifest('1.0.0') })
  t.match(hookEntries('-r ./renamed/register.js', own).entries, [
    {
      specifier: './renamed/register.js',
      file: join(folder, 'register.js'),
      absolute: false,
      fragile: '-r',
    },
  ])
  t.end()
})

t.test('on Windows paths are those of Windows', (t) => {
  const cwd = 'C:\\app'
  const where = { cwd, platform: 'win32', files: machineWith(t, {}).files }
  for (const path of ['C:\\nat-keepalive\\register.js', '..\\nat-keepalive\\register.js']) {
    t.match(hookEntries(`--require=${path}`, where).entries, [
      { file: 'C:\\nat-keepalive\\register.js', absolute: path.startsWith('C:') },
    ])
  }
  t.end()
})

t.test('the version stands in package.json, or else in the code', (t) => {
  const { files: seen } = machineWith(t, files)
  t.equal(hookVersion('/opt/nat-keepalive/register.js', seen), '0.1.0')
  t.equal(hookVersion('/opt/bare/nat-keepalive/register.js', seen), '0.0.8')
  t.equal(hookVersion('/opt/other/register.js', seen), null)
  t.equal(hookVersion('/nowhere/register.js', seen), null)
  t.end()
})
