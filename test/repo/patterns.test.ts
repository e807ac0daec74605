import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { endpointOf, isLoopback } from '../../src/connections/endpoint'
import { codeFile } from '../../src/connections/opener-file'
import { isInstrumentation, packageOf } from '../../src/connections/opener-package'
import { sourceOf } from '../../src/connections/opener-source'
import { waitingRequest } from '../../src/connections/waiting-request'
import { parseConfig } from '../../src/settings/config'
import { compileExclude } from '../../src/settings/exclude'
import { root, runNode } from '../run-node'

/** Text of this length takes a millisecond where the work is linear, and seconds where it is not. */
const LENGTH = 200_000
const MOST_MS = 1_000

/** CPU time of this process, so that the load of the machine is no part of it. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** What a pattern could take long for: pieces again and again, then an end that it does not want. */
const PIECES = [
  ...'a9./\\@:%[]-,"=? \t\n!_~*'.split(''),
  '/node_modules/',
  '\\node_modules',
  'a.',
  '127.',
  '127.0.0.1',
  'localhost',
  '::ffff:',
  '0 ',
  '//',
  '@a/',
  '[a',
  ']:',
  '5m',
  '5.',
  '1s',
  'nat',
  ' *',
  '--no-warnings',
  'socket:[',
  'x://',
  '../',
  '// ',
  '//#region ',
  '// ../',
  '__commonJS',
  'ts-node',
  'swc ',
  '?a',
  '#',
  'webpack',
  'é',
  '\0',
]
const STARTS = ['', 'a://', '/', '127.0.0.1', '// ', 'file:///', 'http://', '[', '"']
const ENDS = ['', '!', '\n', 'a', '/']

function* texts(length: number): Generator<string> {
  for (const piece of PIECES) {
    const middle = piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
    for (const start of STARTS) for (const end of ENDS) yield start + middle + end
  }
}

/** The patterns that stand in a source, as the compiler reads it. */
function patternsOf(file: string): RegExp[] {
  const text = readFileSync(join(root, 'src', file), 'utf8')
  const found: RegExp[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const [, body = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? []
      found.push(new RegExp(body, flags))
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  return found
}

const sources = (readdirSync(join(root, 'src'), { recursive: true }) as string[])
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))

/** The files of ours that a process with the hook loads, once it has looked at its connections. */
async function loadedFiles(): Promise<string[]> {
  const entries = [
    'register',
    'hook/preloaded',
    'settings/config',
    'hook/hook',
    'hook/startup',
    'watch/watch',
  ]
  const script = `
    const bundles = ${JSON.stringify(entries)}.map((name) => require('./dist/' + name))
    const names = ${JSON.stringify(sources)}
    const has = (name) => bundles.some((bundle) => { try { return bundle.bundled('./' + name) } catch {} })
    console.log(JSON.stringify(names.filter(has)))`
  const names: string[] = JSON.parse((await runNode(['-e', script])).stdout)
  return names.map((name) => `${name}.ts`)
}

t.test('no pattern of what a process loads takes more than linear time', async (t) => {
  const files = await loadedFiles()
  t.ok(files.includes('connections/endpoint.ts') && files.includes('settings/exclude.ts'))
  let patterns = 0
  for (const file of files) {
    for (const pattern of patternsOf(file)) {
      patterns++
      let worst = 0
      for (const text of texts(20_000)) {
        pattern.lastIndex = 0
        worst = Math.max(
          worst,
          cpuMs(() => pattern.exec(text)),
        )
        if (worst > 200) break
      }
      t.ok(worst <= 200, `${file}: ${pattern} took ${worst} ms`)
    }
  }
  t.ok(patterns > 15, `${patterns} patterns`)
})

t.test('a pattern that is worse is found, so the test above can fail', (t) => {
  const worse = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/
  const slow = [...texts(20_000)].some((text) => cpuMs(() => worse.exec(text)) > 200)
  t.ok(slow)
  t.end()
})

t.test('who uses them takes no more than linear time either', (t) => {
  const exclude = compileExclude(['*.internal', '10.0.0.0/8', '[::1]:80', 'db.test:5432'])
  const users: Readonly<Record<string, (text: string) => unknown>> = {
    codeFile,
    packageOf,
    isInstrumentation,
    isLoopback,
    sourceOf: (file) => sourceOf({ file, line: 1, column: 1 }),
    endpointOf: (text) => [
      endpointOf([text]),
      endpointOf([80, text]),
      endpointOf([{ host: text }]),
    ],
    'waitingRequest: path': (path) => waitingRequest(waiting({ path, host: 'a' })),
    'exclude.host': (text) => exclude.host(text, 80),
    'exclude.address': (text) => exclude.address(text, 80),
    compileExclude: (text) => {
      try {
        compileExclude([text])
      } catch {
        // A rule that is refused is refused in time.
      }
    },
    'settings: a duration': (text) => parseConfig({ NAT_KEEPALIVE_LIMIT: text }),
    'settings: a number': (text) => parseConfig({ NAT_KEEPALIVE_PROBES: text }),
    'settings: rules': (text) => parseConfig({ NAT_KEEPALIVE_EXCLUDE: text.slice(0, 20_000) }),
  }
  for (const [name, use] of Object.entries(users)) {
    let worst = 0
    let of = ''
    for (const piece of PIECES) {
      const text = piece.repeat(Math.ceil(LENGTH / piece.length)).slice(0, LENGTH)
      const took = cpuMs(() => use(text))
      if (took > worst) [worst, of] = [took, piece]
      if (worst > MOST_MS) break
    }
    t.ok(worst <= MOST_MS, `${name} took ${worst} ms for ${JSON.stringify(of)}`)
  }
  t.end()
})

type Waiting = Parameters<typeof waitingRequest>[0]

/** A socket on which a request waits, as Node notes it there. */
function waiting(request: object): Waiting {
  return { _httpMessage: { method: 'GET', ...request } } as unknown as Waiting
}
