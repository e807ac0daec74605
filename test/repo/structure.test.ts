import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import t from 'tap'
import { root, runNode } from '../run-node'

/**
 * The rooms of src in the order in which data flows: a file imports only from its own room and from
 * those before, types included. The doors, which lie in src itself, stand where they belong.
 */
const rooms = [
  'process',
  'settings',
  'kernel',
  'connections',
  'judge',
  'findings',
  'watch',
  'hook',
  'register',
  'report',
  'index',
  'metrics',
  'outside',
  'rescue',
  'terminal',
  'doctor',
  'snippets',
  'exporter',
  'lab',
  'demo',
  'measure',
  'cli',
  'bin',
]

interface Import {
  /** As written: `./log`, `node:net`, `debug`. */
  readonly from: string
  /** Inside a function, so it is loaded at the first call. */
  readonly late: boolean
}

const source = join(root, 'src')

function sourceFiles(folder = source): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') ? [relative(source, path).split(sep).join('/')] : []
  })
}

const texts = new Map(
  sourceFiles().map((file) => [file.slice(0, -3), readFileSync(join(source, file), 'utf8')]),
)
const names = [...texts.keys()]

/** Code without its comments, where the words of a sentence are not code. */
function code(name: string): string {
  return (texts.get(name) ?? '').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

/** What a source imports at run time: types do not count, `import(...)` as a type neither. */
function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const [, clause = '', from = ''] of text.matchAll(
    /^(?:import|export)\s+(?:([^'"]*?)\s+from\s+)?['"]([^'"]+)['"]/gm,
  )) {
    const named = /^\{([^}]*)\}$/.exec(clause)?.[1]
    const specifiers = named?.split(',').filter((part) => part.trim() !== '')
    const onlyTypes = specifiers?.every((part) => /^\s*type\s/.test(part)) ?? /^type\s/.test(clause)
    if (!onlyTypes) found.push({ from, late: false })
  }
  const values = text.replace(/^\s*(?:export )?type .*$|\btypeof import\([^)]*\)/gm, '')
  for (const [, from = ''] of values.matchAll(/\b(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ from, late: true })
  }
  return found
}

function ownImports(name: string): string[] {
  return importsOf(code(name))
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => posix.join(posix.dirname(name), from).replace(/\.js$/, ''))
}

function roomOf(name: string): string {
  return name.split('/')[0] as string
}

/** What a source needs of ours to be compiled, beyond what it loads. */
function typeImports(name: string): string[] {
  return [...code(name).matchAll(/(?:\bfrom\s+|\bimport\()['"](\.[^'"]+)['"]/g)].map(
    ([, from = '']) => posix.join(posix.dirname(name), from),
  )
}

/** The files that a start from `name` can load, at once or later. */
function reachable(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const next of ownImports(name)) reachable(next, seen)
  return seen
}

const preload = [...reachable('register')]

t.test('imports are read as the compiler reads them', (t) => {
  const table: readonly [string, readonly string[]][] = [
    ["import { a } from './x'", ['./x']],
    ["import { type A, b } from './x'", ['./x']],
    ["import {\n  type A,\n  b,\n} from './x'", ['./x']],
    ["import * as x from './x'", ['./x']],
    ["import x from './x'", ['./x']],
    ["import './x'", ['./x']],
    ["export { a } from './x'", ['./x']],
    ["export * from './x'", ['./x']],
    ["  const x = require('./x') as typeof import('./x')", ['./x']],
    ["  const x = await import('./x')", ['./x']],
    ["import type { A } from './x'", []],
    ["import { type A, type B } from './x'", []],
    ["import {\n  type A,\n  type B,\n} from './x'", []],
    ["export type { A } from './x'", []],
    ["export { type A } from './x'", []],
    ["type A = import('./x').A", []],
    ["type A = ReturnType<typeof import('./x').a>", []],
  ]
  for (const [text, expected] of table) {
    t.same(
      importsOf(text).map(({ from }) => from),
      expected,
      text,
    )
  }
  t.end()
})

t.test('every import of our own leads to a file', (t) => {
  for (const name of names) {
    for (const next of ownImports(name)) t.ok(texts.has(next), `${name} imports ${next}`)
  }
  t.end()
})

t.test('the root of src holds the doors, and every other file is in a room', (t) => {
  const doors = names.filter((name) => !name.includes('/')).sort()
  t.strictSame(doors, ['bin', 'index', 'register'])
  for (const name of names) t.ok(rooms.includes(roomOf(name)), `${name} is in a room of the list`)
  t.end()
})

t.test('a file imports only from its own room and from those before, types included', (t) => {
  for (const name of names) {
    for (const next of [...ownImports(name), ...typeImports(name)]) {
      const [here, there] = [roomOf(name), roomOf(next)].map((room) => rooms.indexOf(room))
      t.ok((there as number) <= (here as number), `${name} imports ${next}`)
    }
  }
  t.end()
})

t.test('no import leads back to its own file', (t) => {
  const cycles: string[] = []
  const walk = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) cycles.push([...path.slice(path.indexOf(name)), name].join(' > '))
    else for (const next of ownImports(name)) walk(next, [...path, name])
  }
  for (const name of names) walk(name, [])
  t.same([...new Set(cycles)], [])
  t.end()
})

t.test('the way into the preload is the one of the design', (t) => {
  t.ok(preload.length > 10, preload.join())
  for (const name of [
    'hook/installation',
    'hook/hook',
    'hook/startup',
    'settings/config',
    'watch/auditor',
  ]) {
    t.ok(preload.includes(name), name)
  }
  for (const name of preload)
    t.notMatch(name, /^(cli|bin|demo|lab|report|outside|rescue|doctor|snippets|terminal|index)\b/)
  t.end()
})

t.test('the preload imports no builtin that net does not bring', async (t) => {
  const script = 'console.log(JSON.stringify(process.moduleLoadList))'
  const loaded = JSON.parse((await runNode(['-r', 'net', '-e', script])).stdout) as string[]
  for (const name of preload) {
    for (const { from } of importsOf(code(name)).filter(({ from }) => isBuiltin(from))) {
      t.ok(from.startsWith('node:'), `${name} names ${from} with its scheme`)
      t.ok(loaded.includes(`NativeModule ${from.slice(5)}`), `${name} imports ${from}`)
    }
  }
})

t.test('the only third-party import of the preload is debug, late, in process/debug.ts', (t) => {
  const foreign = preload.flatMap((name) =>
    importsOf(code(name))
      .filter(({ from }) => !from.startsWith('.') && !isBuiltin(from))
      .map(({ from, late }) => `${name}: ${from}${late ? ', late' : ''}`),
  )
  t.same(foreign, ['process/debug: debug, late'])
  t.end()
})

t.test('other third-party imports are dependencies of the package', (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest
  for (const name of Object.keys(peerDependencies)) {
    t.ok(peerDependenciesMeta[name]?.optional, `${name} is installed by those who want it`)
  }
  for (const name of names) {
    for (const { from, late } of importsOf(code(name))) {
      if (from.startsWith('.') || isBuiltin(from)) continue
      // The entries for them are loaded by those who have them; the command line has to ask.
      const wanted = late || roomOf(name) === 'metrics'
      const known = from in dependencies || (wanted && from in peerDependencies)
      t.ok(known || (from.split('/')[0] as string) in dependencies, `${name} imports ${from}`)
    }
  }
  t.end()
})

t.test('the preload never writes to stdout', (t) => {
  for (const name of preload) t.notMatch(code(name), /\bconsole\.|\bstdout\b|writeSync\(1\b/, name)
  t.end()
})

/**
 * Ways in which others come to call our code, or to be called by it, and the files that may use them:
 * each of those passes what it is given through guarded().
 */
const entries: readonly [way: RegExp, files: readonly string[]][] = [
  // The preload's own catch by themselves, and load nothing for it.
  [/\bset(?:Timeout|Immediate|Interval)\(|\bqueueMicrotask\(/, ['process/later', 'register']],
  [/\.(?:un)?subscribe\(/, ['process/subscribe', 'hook/intercept']],
  [/\.publish\(/, ['findings/publish']],
  [/\bnextTick\(/, ['findings/warning-event', 'hook/hook']],
  [/\bemitWarning\(/, ['findings/emit', 'register']],
  [/\bwrapMethod\(/, ['hook/wrap', 'hook/patch', 'hook/leaving-root']],
  [/\bnew FinalizationRegistry\b/, []],
  [/\.(?:on|once|addListener|prependListener)\(/, []],
]

t.test('the program reaches our code only through the one guard', (t) => {
  for (const [way, files] of entries) {
    for (const name of preload) {
      if (!files.includes(name)) t.notMatch(code(name), way, `${name}: ${way}`)
    }
  }
  const guards = ['process/later', 'process/subscribe', 'findings/publish', 'findings/emit']
  guards.push('findings/warning-event', 'hook/installation', 'hook/hook', 'index')
  for (const name of guards) t.match(code(name), /\bguarded\(/, `${name} uses it`)
  const ways = { 'hook/patch': 3, 'hook/intercept': 2, register: 1 }
  for (const [name, count] of Object.entries(ways)) {
    t.equal(
      code(name).match(/\} catch \(error\) \{\n\s+(?:try \{\n\s+)?on\w+\(error/g)?.length,
      count,
      name,
    )
  }
  t.end()
})

t.test('the environment is read where what the program made of it cannot throw', (t) => {
  for (const name of preload) {
    if (['process/variable', 'process/own-variables'].includes(name)) continue
    t.notMatch(code(name), /\bprocess\.env\b|\{[^}]*\benv\b[^}]*\} = process\b/, name)
  }
  t.end()
})

t.test('no client library is named: what works, works for all of them', (t) => {
  const clients =
    'undici axios node-fetch needle superagent agentkeepalive gaxios https-proxy-agent ' +
    'aws-sdk @aws-sdk openai @anthropic-ai stripe elasticsearch clickhouse ioredis redis pg ' +
    'pg-pool postgres mysql mysql2 mariadb mongodb kafkajs amqplib nats mqtt ws grpc grpc-js ' +
    'nodemailer ldapjs ldapts tedious socket.io socket.io-client pubsub basic-ftp octokit knex ' +
    'websocket librdkafka libpq valkey valkey-glide temporal zeromq'
  for (const name of names) {
    // Node's own fetch tells of itself on channels of this name.
    const own = code(name).replace(/'undici:[\w:]+'/g, '')
    const words = new Set(own.match(/[@\w.-]+/g))
    for (const client of clients.split(' ')) t.notOk(words.has(client), `${name}: ${client}`)
    // The cloud and the setting of these names are not the clients.
    const others =
      name === 'doctor/checks/detect-place'
        ? own.replaceAll("'aws'", '')
        : own.replaceAll("key: 'request'", '')
    t.notMatch(others, /['"/](request|got|aws|google-cloud)['"/]/, name)
  }
  t.end()
})

t.test('register.js stays short enough to be seen to fail open', (t) => {
  const lines = readFileSync(join(root, 'register.js'), 'utf8').trimEnd().split('\n')
  t.ok(lines.length <= 15, `${lines.length} lines`)
  t.match(
    lines.join('\n'),
    /^try \{\n {2}require\('\.\/dist\/register\.js'\)\.register\(\)\n\} catch/m,
  )
  t.end()
})

t.test('no source file has more than 250 lines', (t) => {
  for (const [name, text] of texts) {
    const lines = text.trimEnd().split('\n').length
    t.ok(lines <= 250, `${name}: ${lines} lines`)
  }
  t.end()
})
