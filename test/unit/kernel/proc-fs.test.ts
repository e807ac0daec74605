import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { root, runNode } from '../../run-node'

const known = (value: string) => ({ known: true, value })
const unknown = (why: string) => ({ known: false, why })

t.test('reads a file below its root', (t) => {
  const root = t.testdir({ sys: { one: '7200\n', empty: '', two: 'a\nb\n' } })
  const proc = createProcFs(root, 'linux')
  t.same(proc.read('sys/one'), known('7200\n'))
  t.same(proc.read('sys/empty'), known(''))
  t.same(proc.read('sys/two'), known('a\nb\n'))
  t.end()
})

t.test('bytes of any value come through one by one', (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  const root = t.testdir({ binary: bytes })
  t.same(createProcFs(root, 'linux').read('binary'), known(bytes.toString('latin1')))
  t.end()
})

t.test('a table of many megabytes is read whole', (t) => {
  const root = t.testdir({ huge: Buffer.alloc(8 << 20, 'x') })
  const text = createProcFs(root, 'linux').read('huge')
  t.equal(text.known && text.value.length, 8 << 20)
  t.end()
})

t.test('reads where a link points, without following it', (t) => {
  const root = t.testdir({ ns: {} })
  symlinkSync('net:[4026531840]', join(root, 'ns/net'))
  t.same(createProcFs(root, 'linux').link('ns/net'), known('net:[4026531840]'))
  t.end()
})

t.test('what cannot be read says why, with the file', (t) => {
  const root = t.testdir({ folder: {}, file: 'text' })
  symlinkSync('loop', join(root, 'loop'))
  symlinkSync('nowhere', join(root, 'dangling'))
  const proc = createProcFs(root, 'linux')
  const table: readonly ['read' | 'link', string, string][] = [
    ['read', 'missing', 'ENOENT'],
    ['read', 'missing/below', 'ENOENT'],
    ['read', 'folder', 'EISDIR'],
    ['read', 'file/below', 'ENOTDIR'],
    ['read', 'loop', 'ELOOP'],
    ['read', 'dangling', 'ENOENT'],
    ['read', 'nul\0byte', 'ERR_INVALID_ARG_VALUE'],
    ['link', 'missing', 'ENOENT'],
    ['link', 'file', 'EINVAL'],
    ['link', 'folder', 'EINVAL'],
    ['link', 'nul\0byte', 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [method, path, code] of table) {
    const why = `${root}/${path} could not be read (${code})`
    t.same(proc[method](path), unknown(why), `${method} ${JSON.stringify(path)}`)
  }
  t.end()
})

t.test('a root that is missing is a reason, not an error', (t) => {
  const root = join(t.testdir(), 'none')
  const proc = createProcFs(root, 'linux')
  t.same(proc.read('stat'), unknown(`${root}/stat could not be read (ENOENT)`))
  t.same(proc.link('self/ns/net'), unknown(`${root}/self/ns/net could not be read (ENOENT)`))
  t.end()
})

t.test('on other platforms nothing is read, even where a /proc is', (t) => {
  const root = t.testdir({ file: 'text' })
  for (const platform of ['darwin', 'win32', 'freebsd', '']) {
    const proc = createProcFs(root, platform)
    t.same(proc.read('file'), unknown(`there is no /proc on ${platform}`))
    t.same(proc.link('file'), unknown(`there is no /proc on ${platform}`))
  }
  t.end()
})

t.test("Node's permission model is named as the reason", async (t) => {
  const flags = process.allowedNodeEnvironmentFlags
  const flag = flags.has('--permission') ? '--permission' : '--experimental-permission'
  if (!flags.has(flag)) return t.pass('this Node has no permission model')
  const folder = t.testdir({ file: 'text' })
  const dist = join(root, 'dist')
  const script = `
    const proc = require(${JSON.stringify(join(dist, 'kernel/proc-fs.js'))}).createProcFs(${JSON.stringify(folder)}, 'linux')
    console.log(JSON.stringify([proc.read('file'), proc.link('file')]))`
  const run = await runNode([flag, `--allow-fs-read=${dist}/*`, '--no-warnings', '-e', script])
  const why = unknown(`Node's permission model does not let this process read ${folder}/file`)
  t.equal(run.stderr, '')
  t.same(JSON.parse(run.stdout), [why, why])
})
