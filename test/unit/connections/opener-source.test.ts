import { execFileSync } from 'node:child_process'
import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { sourceOf } from '../../../src/connections/opener-source'
import { root, runNode } from '../../run-node'

/** The line that is left of line 7 of a file with that content. */
function lineOf(t: Test, content: string, name = 'x.js', column = 1): number | null {
  const file = join(t.testdir(), name)
  writeFileSync(file, content)
  return sourceOf({ file, line: 7, column }).line
}

t.test('a position in what was written stays as it is', (t) => {
  for (const file of ['/app/x.js', 'file:///app/x.mjs', '[eval]', 'evalmachine.<anonymous>', '']) {
    const position = { file, line: 7, column: 1 }
    t.same(sourceOf(position), position, file)
  }
  t.equal(lineOf(t, "'use strict'\nconst net = require('node:net')\n"), 7)
  t.equal(lineOf(t, '// compiled\nvar __importDefault = 1\nvar __createBinding, __exportStar\n'), 7)
  t.equal(lineOf(t, `/* ${' '.repeat(20_000)} */\nvar __commonJS = 1`), 7, 'not at the beginning')
  t.end()
})

t.test('a bundle without a map has no lines', (t) => {
  const table: readonly [string, string][] = [
    ['esbuild', 'var __commonJS = (cb, mod) => function __require() {}'],
    ['esbuild, modules', 'import net from "net"\n\n// node_modules/pg/lib/index.js\nvar x = 1'],
    ['esbuild, from below', '// ../../node_modules/pg/lib/index.js\nvar x = 1'],
    ['webpack', '/******/ (() => { // webpackBootstrap'],
    ['webpack, modules', 'var __webpack_modules__ = ({'],
    ['ncc', 'module.exports = __nccwpck_require__(1)'],
    ['rolldown', '//#region node_modules/pg/lib/index.js'],
    ['rolldown, CommonJS', 'var __commonJSMin = (cb, mod) => () => 1'],
    ['parcel', 'var parcelRequire = $parcel$global["parcelRequire94c2"]'],
  ]
  for (const [name, content] of table) t.equal(lineOf(t, content), null, name)
  t.equal(lineOf(t, 'no lines but one', 'min.js', 501), null, 'in one long line')
  t.equal(lineOf(t, 'a long one', 'long.js', 500), 7)
  t.end()
})

t.test('by its URL too, and once for all of its positions', (t) => {
  const file = join(t.testdir(), 'x.mjs')
  writeFileSync(file, 'var __webpack_modules__ = {}')
  const at = (line: number) => sourceOf({ file: pathToFileURL(file).href, line, column: 1 }).line
  t.equal(at(7), null)
  unlinkSync(file)
  t.equal(at(8), null)
  t.end()
})

t.test('what Node cannot run as it is has no lines', (t) => {
  for (const extension of ['tsx', 'jsx', 'vue', 'svelte', 'astro', 'coffee']) {
    t.equal(sourceOf({ file: `/app/x.${extension}`, line: 7, column: 1 }).line, null, extension)
  }
  t.end()
})

t.test('what is not a file is not opened', { skip: process.platform === 'win32' }, (t) => {
  const fifo = join(t.testdir(), 'fifo.js')
  execFileSync('mkfifo', [fifo])
  t.equal(sourceOf({ file: fifo, line: 7, column: 1 }).line, 7)
  t.equal(sourceOf({ file: t.testdir({ 'x.js': {} }), line: 7, column: 1 }).line, 7, 'a folder')
  t.equal(sourceOf({ file: '/dev/zero', line: 7, column: 1 }).line, 7)
  t.end()
})

/** What a program gets that asks for a position. */
async function asked(args: readonly string[], script: string): Promise<unknown> {
  const { stdout, stderr } = await runNode([...args, '-e', script], { cwd: root })
  t.equal(stderr, '')
  return JSON.parse(stdout)
}

const source = `const { sourceOf } = require('./dist/connections/opener-source.js')
  const line = (file) => sourceOf({ file, line: 7, column: 1 }).line`

t.test('TypeScript has lines where Node itself puts blanks in the place of types', async (t) => {
  const files = ['/app/x.ts', '/app/x.mts', '/app/x.cts', 'file:///app/x.ts']
  const print = `;console.log(JSON.stringify(${JSON.stringify(files)}.map(line)))`
  const as = (typescript: unknown) =>
    `;globalThis.process = Object.create(process, { features: { value: { typescript: ${JSON.stringify(typescript)} } } })`
  const handled = (name: string) =>
    `;require('module')._extensions['.ts'] = Object.defineProperty(() => {}, 'name', { value: '${name}' })`
  const lines = files.map(() => 7)
  const none = files.map(() => null)
  t.same(await asked([], source + as('strip') + print), lines)
  t.same(await asked([], source + as('strip') + handled('loadTS') + print), lines)
  t.same(await asked([], source + as('strip') + handled('') + print), none, 'another handler')
  t.same(await asked([], source + as('transform') + print), none)
  t.same(await asked([], source + as(false) + print), none)
  t.same(await asked([], source + as(undefined) + print), none)
  for (const transformer of ['ts-node/register', 'tsx', '@swc-node/register', 'esbuild-register']) {
    const given = `;process.execArgv.push('--require', '${transformer}')`
    t.same(await asked([], source + as('strip') + given + print), none, transformer)
    const env = `;process.env.NODE_OPTIONS = '--import ${transformer}'`
    t.same(await asked([], source + as('strip') + env + print), none, transformer)
  }
})

t.test('a source map leads to what was written', async (t) => {
  const folder = t.testdir()
  // The first of x.js is of nobody, and the next three are lines 5 to 7 of src/x.ts.
  const map = { version: 3, sources: ['src/x.ts'], names: [], mappings: ';AAIA;AACA;AACA' }
  const url = Buffer.from(JSON.stringify(map)).toString('base64')
  writeFileSync(
    join(folder, 'x.js'),
    `;;\n;;\n;;\n;;\n//# sourceMappingURL=data:application/json;base64,${url}`,
  )
  const file = JSON.stringify(join(folder, 'x.js'))
  const script = `${source}
    require(${file})
    const at = (line) => sourceOf({ file: ${file}, line, column: 1 })
    console.log(JSON.stringify([at(1), at(2), at(4), at(null)]))`
  const [first, second, fourth, unknown] = (await asked(['--enable-source-maps'], script)) as {
    file: string
    line: number | null
  }[]
  const original = pathToFileURL(join(folder, 'src/x.ts')).href
  t.match(first, { line: null })
  t.match(second, { file: original, line: 5 })
  t.match(fourth, { file: original, line: 7 })
  t.match(unknown, { line: null })
  const [plain] = (await asked([], script)) as { file: string; line: number | null }[]
  t.match(plain, { file: join(folder, 'x.js'), line: 1 }, 'of which Node keeps none')
})
