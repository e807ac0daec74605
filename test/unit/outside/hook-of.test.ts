import t, { type Test } from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { hookOf } from '../../../src/outside/hook-of'

const manifest = JSON.stringify({ name: 'nat-keepalive', version: '9.8.7' })

/** A process of an image with the package in /opt and in the folder it runs in. */
function there(t: Test, argv: readonly string[], environment: readonly string[], maps = '') {
  const folder = t.testdir({
    7: {
      maps,
      root: { opt: { 'nat-keepalive': { 'package.json': manifest } } },
      cwd: { node_modules: { 'nat-keepalive': { 'package.json': manifest } } },
    },
  })
  return hookOf(createProcFs(folder, 'linux'), 7, { argv, environment })
}

t.test('the hook in another process', (t) => {
  const file = '/opt/nat-keepalive/register.js'
  const version = '9.8.7'
  const mapped = `7f00-7f01 r-xp 0 08:01 5 ${'/opt/nat-keepalive/native/linux-x64.node'}\n`
  const table: readonly [string[], string[], string, unknown][] = [
    [['node', 'a.js'], [], '', null],
    [['node', 'a.js'], ['NODE_OPTIONS=--max-old-space-size=9'], '', null],
    [['node'], [`NODE_OPTIONS=--require=${file}`], '', { version, by: 'NODE_OPTIONS', file }],
    [
      ['node'],
      [`NODE_OPTIONS=-r x --require "${file}"`],
      '',
      { version, by: 'NODE_OPTIONS', file },
    ],
    [['node'], [`NODE_OPTIONS=--import=file://${file}`], '', { version, by: 'NODE_OPTIONS', file }],
    [['node', '-r', file, 'a.js'], [], '', { version, by: 'command line', file }],
    [
      ['node', '-r', 'nat-keepalive/register', 'a.js'],
      [],
      '',
      { version, by: 'command line', file: null },
    ],
    [
      ['node', '-r', '/gone/nat-keepalive/register.js'],
      [],
      '',
      { version: null, by: 'command line', file: '/gone/nat-keepalive/register.js' },
    ],
    [['node', 'a.js'], [], mapped, { version, by: 'maps', file }],
    [['node', '-r', file], ['NAT_KEEPALIVE=off'], '', null],
    [['node', '-r', '/x/other/register.js'], [], '', null],
  ]
  for (const [argv, environment, maps, expected] of table) {
    t.strictSame(there(t, argv, environment, maps), expected, `${argv} ${environment}`)
  }
  t.end()
})
