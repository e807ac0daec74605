import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Frame } from '../../../src/connections/opener-stack'
import { endOf, keyOf, trailOf } from '../../../src/connections/opener-trail'
import { runNode } from '../../run-node'

type Line = string | null | undefined | readonly [file: string, line: number | null]

/** Frames as V8 gives them, innermost first; line 7 where none is named, 'eval' without a file. */
function frames(lines: readonly Line[]): Frame[] {
  return lines.map((line) => {
    const [file, number] = typeof line === 'object' && line !== null ? line : [line, 7]
    return {
      getFileName: () => (file === 'eval' ? undefined : file),
      getLineNumber: () => number,
      getColumnNumber: () => 1,
      isEval: () => file === 'eval',
      getScriptNameOrSourceURL: () => undefined,
    }
  })
}

const found = (lines: readonly Line[], places = 1) => endOf(trailOf(frames(lines), places))

const node = ['node:net', 'node:internal/net', 'node:_http_agent']
const m = '/app/node_modules'

t.test('finds the place and the package nearest to it', (t) => {
  const table: readonly [string, readonly Line[], string | null, string | null][] = [
    ['no frames', [], null, null],
    ['only Node', node, null, null],
    ['the program itself', [...node, ['/app/server.js', 12]], '/app/server.js:12', null],
    ['the innermost frame of the program', ['/app/db.js', '/app/index.js'], '/app/db.js:7', null],
    ['a package', [...node, `${m}/pg/lib/a.js`, '/app/x.js'], '/app/x.js:7', 'pg'],
    [
      'of several packages the one that the program called',
      [`${m}/pg/a.js`, `${m}/pg-pool/b.js`, '/app/x.js'],
      '/app/x.js:7',
      'pg-pool',
    ],
    [
      'packages further out do not matter',
      [`${m}/pg/a.js`, '/app/x.js', `${m}/express/b.js`],
      '/app/x.js:7',
      'pg',
    ],
    ['Node between the frames', [`${m}/ws/a.js`, 'node:events', '/b.js'], '/b.js:7', 'ws'],
    ['only packages: the outermost', [`${m}/a/i.js`, `${m}/b/i.js`], null, 'b'],
    ['a program in a folder with blanks', ['/my app/x y.js'], '/my app/x y.js:7', null],
    ['Windows', ['C:\\app\\node_modules\\pg\\i.js', 'C:\\app\\x.js'], 'C:\\app\\x.js:7', 'pg'],
    ['Windows, a share', ['\\\\host\\share\\x.js'], '\\\\host\\share\\x.js:7', null],
    ['what is written in C++', [undefined, null, '', '/x.js'], '/x.js:7', null],
    ['nothing but that', [undefined, null, ''], null, null],
    ['code of the command line', [...node, ['[eval]', 3]], '[eval]:3', null],
    [
      'code of node:vm',
      [['evalmachine.<anonymous>', 1], '/x.js'],
      'evalmachine.<anonymous>:1',
      null,
    ],
    ['a program whose name starts like a builtin', ['/x/node:net.js'], '/x/node:net.js:7', null],
    ['a file called internal', ['/app/internal/x.js'], '/app/internal/x.js:7', null],
    ['a frame without a line', [['/x.js', null]], '/x.js', null],
    ['a module that webpack evaluates', ['webpack://a/./b.js'], 'webpack://a/./b.js', null],
    ['the same by another name', ['webpack-internal:///b.js'], 'webpack-internal:///b.js', null],
    ['a data: module', ['data:text/javascript,1', '/x.js'], 'a data: module', null],
    ['in the hands of a package', [`${m}/pg/a.js`, 'data:,1'], 'a data: module', 'pg'],
    ['a blob: module', ['blob:nodedata:1', '/x.js'], 'a blob: module', null],
    ['eval: where the program did it', ['eval', '/x.js'], '/x.js:7', null],
    ['eval alone', [...node, 'eval', 'node:timers'], 'code from eval', null],
    ['eval of a package', [`${m}/mysql2/a.js`, 'eval', `${m}/mysql2/b.js`], null, 'mysql2'],
    ['wasm: who called it', ['wasm://wasm/5d3b', '/x.js'], '/x.js:7', null],
    ['wasm alone', ['wasm://wasm/5d3b'], 'a WebAssembly module', null],
  ]
  for (const [name, lines, place, packageName] of table) {
    t.same(found(lines), { place, package: packageName }, name)
  }
  t.end()
})

t.test('what watches a program is neither its place nor the package that it called', (t) => {
  const [dd, otel] = [`${m}/dd-trace/i.js`, `${m}/@opentelemetry/instrumentation-net/i.js`]
  const table: readonly [string, readonly Line[], string | null, string | null][] = [
    ['around Node', [...node, dd, 'node:http', '/x.js'], '/x.js:7', null],
    ['around a package', [...node, `${m}/pg/a.js`, dd, '/x.js'], '/x.js:7', 'pg'],
    ['around both', [dd, otel, `${m}/pg/a.js`, otel, dd, '/x.js'], '/x.js:7', 'pg'],
    [
      'between two packages',
      [`${m}/pg/a.js`, dd, `${m}/knex/a.js`, dd, '/x.js'],
      '/x.js:7',
      'knex',
    ],
    ['further out', ['/x.js', dd, `${m}/express/a.js`], '/x.js:7', null],
    ['a connection of its own', [...node, otel, dd, 'node:timers'], null, 'dd-trace'],
    [
      'what it sees, on its way out',
      [`${m}/@opentelemetry/otlp-exporter-base/i.js`, otel],
      null,
      '@opentelemetry/otlp-exporter-base',
    ],
  ]
  for (const [name, lines, place, packageName] of table) {
    const { place: foundPlace, package: foundPackage } = found(lines)
    t.equal(foundPlace, place, name)
    if (name !== 'a connection of its own') t.equal(foundPackage, packageName, name)
    else t.ok(foundPackage, name)
  }
  t.end()
})

t.test('it says whether the program stands in it', (t) => {
  t.equal(trailOf(frames([...node, '/x.js']), 1).found, true)
  t.equal(trailOf(frames(['data:,1']), 1).found, true)
  t.equal(trailOf(frames([...node, `${m}/pg/a.js`, 'eval']), 1).found, false)
  t.equal(trailOf([], 1).found, false)
  t.end()
})

t.test('a trail ends at as many places as are wanted, and holds no more than is needed', (t) => {
  const lines = [...node, `${m}/pg/a.js`, `${m}/pg/b.js`, '/a.js', '/b.js', `${m}/x/c.js`, '/c.js']
  t.equal(trailOf(frames(lines), 1).steps.length, 2)
  t.equal(trailOf(frames(lines), 2).steps.length, 3)
  t.equal(trailOf(frames(lines), 9).steps.length, 5)
  t.same(found(lines, 9), { place: '/a.js:7', package: 'pg' })
  t.end()
})

t.test('trails that lead to different places have different keys', (t) => {
  const keys = [
    ['/a.js'],
    [['/a.js', 8] as const],
    ['/b.js'],
    [`${m}/pg/a.js`, '/a.js'],
    [`${m}/ws/a.js`, '/a.js'],
    ['/a.js', '/b.js'],
    ['data:,1'],
    ['eval'],
  ].map((lines) => keyOf(trailOf(frames(lines), 2)))
  t.equal(new Set(keys).size, keys.length)
  const same = [`${m}/pg/a.js`, `${m}/pg/other.js`].map((file) => [file, '/a.js'])
  t.equal(...(same.map((lines) => keyOf(trailOf(frames(lines), 1))) as [string, string]))
  t.end()
})

t.test('of a name without end no more is kept than is told', (t) => {
  const [step] = trailOf(frames([`/${'x'.repeat(1_000_000)}/server.js`]), 1).steps
  t.match(step, { file: /^\.\.\.x+\/server\.js$/, line: 7 })
  t.end()
})

t.test('code that named itself is known by that name', async (t) => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'node_modules/evaluator'), { recursive: true })
  writeFileSync(
    join(folder, 'node_modules/evaluator/index.js'),
    'module.exports = (code) => (0, eval)(code)',
  )
  const script = `
    const { framesBelow } = require(process.cwd() + '/dist/connections/opener-stack.js')
    const { trailOf, endOf } = require(process.cwd() + '/dist/connections/opener-trail.js')
    globalThis.connect = function connect() { return endOf(trailOf(framesBelow(connect, 40), 1)) }
    const evaluate = require('./node_modules/evaluator')
    const results = [
      evaluate('() => connect()//# sourceURL=src/named.js')(),
      evaluate('() => connect()//# sourceURL=/app/node_modules/generated/x.js')(),
      evaluate('() => connect()')(),
      new Function('return connect()')(),
    ]
    setTimeout(evaluate('(results) => { results.push(connect()); console.log(JSON.stringify(results)) }'), 1, results)`
  writeFileSync(join(folder, 'program.js'), script)
  const { stdout, stderr } = await runNode([join(folder, 'program.js')])
  t.equal(stderr, '')
  const here = (line: number) => `${join(folder, 'program.js')}:${line}`
  t.same(JSON.parse(stdout), [
    { place: 'src/named.js:1', package: null },
    { place: here(8), package: 'generated' },
    { place: here(9), package: null },
    { place: here(10), package: null },
    { place: 'code from eval', package: null },
  ])
})
