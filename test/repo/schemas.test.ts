import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Conclusion } from '../../src/measure/conclude'
import { toReport } from '../../src/measure/report'
import { auditDocument } from '../../src/outside/audit-document'
import { loadPackages } from '../examples/packages'
import { fires } from '../kernel-words'
import { register, root, runNode, withEnv } from '../run-node'

const folder = join(root, 'docs', 'schemas')
const bin = join(root, 'dist', 'bin.js')

type Json = Record<string, unknown>

const schemaOf = (name: string): Json =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))

/**
 * The same schema without room for what it does not name. As it is published it has room, so that an
 * addition does not break who checks against an older one.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([name, part]) => [name, closed(part)])
  const open = 'required' in schema && !('additionalProperties' in schema)
  return { ...Object.fromEntries(parts), ...(open ? { additionalProperties: false } : {}) }
}

/** What a schema says against a document: nothing, or the first thing. */
type Check = (document: unknown) => string | null

async function compile(name: string): Promise<{ open: Check; exact: Check }> {
  const packages = await loadPackages()
  const Ajv = packages.require('ajv/dist/2020').default
  const ajv = new Ajv({ strict: true, allowUnionTypes: true })
  packages.require('ajv-formats').default(ajv)
  const checkOf = (schema: object): Check => {
    const validate = ajv.compile(schema)
    return (document) => (validate(document) ? null : JSON.stringify(validate.errors[0]))
  }
  const schema = schemaOf(name)
  const exact = closed({ ...schema, $id: `${schema.$id}:closed` })
  return { open: checkOf(schema), exact: checkOf(exact as object) }
}

/** The document with each of its properties taken away, or made a thing that it never is. */
function* spoiled(document: Json): Generator<{ path: string; without: unknown; odd: unknown }> {
  function* walk(value: unknown, path: string[]): Generator<string[]> {
    if (typeof value !== 'object' || value === null) return
    for (const [name, part] of Object.entries(value)) {
      if (!Array.isArray(value)) yield [...path, name]
      // What a check of the doctor has for machines is its own.
      if (name !== 'data') yield* walk(part, [...path, name])
    }
  }
  for (const path of walk(document, [])) {
    const copies = [structuredClone(document), structuredClone(document)] as const
    const [without, odd] = copies
    const name = path.at(-1) as string
    const of = (copy: Json) => path.slice(0, -1).reduce((at, key) => at[key] as Json, copy)
    delete of(without)[name]
    of(odd)[name] = [[true]]
    yield { path: path.join('.'), without, odd }
  }
}

/** Where there may be nothing, and what has any name. */
const optional = /\.sampled$|^settings\.NAT_KEEPALIVE_LIMIT$/

async function matches(t: Test, name: string, documents: readonly Json[]): Promise<void> {
  const { open, exact } = await compile(name)
  for (const [index, document] of documents.entries()) {
    t.equal(open(document), null, `${name} ${index}`)
    t.equal(exact(document), null, `${name} ${index}: nothing that is not described`)
    for (const { path, without, odd } of spoiled(document)) {
      if (open(odd) === null) t.fail(`${name} ${index}: takes anything for ${path}`)
      if (open(without) === null && !optional.test(path)) {
        t.fail(`${name} ${index}: does not miss ${path}`)
      }
    }
    t.equal(open({ ...document, more: 1 }), null, 'an addition breaks nobody')
  }
}

async function listener(t: Test): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('there is a schema for each document, and each is one of draft 2020-12', async (t) => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  t.strictSame(names.sort(), ['audit.json', 'doctor.json', 'measure.json', 'report.json'])
  const packages = await loadPackages()
  const Ajv = packages.require('ajv/dist/2020').default
  for (const name of names) {
    const schema = schemaOf(name.slice(0, -5))
    t.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
    t.ok(new Ajv().validateSchema(schema), name)
  }
})

/** Opens connections of every kind, and prints the report at each of its stages. */
const program = `
  const net = require('node:net'), http = require('node:http')
  const { once } = require('node:events')
  const nat = require(${JSON.stringify(root)})
  const say = () => console.log(JSON.stringify(nat.report()))
  const [port, closedPort] = process.argv.slice(1).map(Number)
  const open = async (options) => {
    const socket = net.connect({ port, host: '127.0.0.1', ...options }).on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  ;(async () => {
    await open()
    ;(await open()).setKeepAlive(true, 7_200_000)
    nat.exempt(await open())
    const request = http.get({ port, host: '127.0.0.1', path: '/a?b' }).on('error', () => {})
    await once((await once(request, 'socket'))[0], 'connect')
    say()
    nat.install({ limitMs: 60_000 })
    say()
    process.exit()
  })()
`

t.test('report() is what its schema says', async (t) => {
  const port = String(await listener(t))
  const reports: Json[] = []
  const preload = ['-r', register]
  const table: readonly [string[], Record<string, string>][] = [
    [preload, {}],
    [[], {}],
    [preload, { NAT_KEEPALIVE_NATIVE: 'off', NAT_KEEPALIVE_REQUEST: 'path' }],
    [preload, { NAT_KEEPALIVE_MODE: 'kernel', NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' }],
    [preload, { NAT_KEEPALIVE_APP: 'respect', NAT_KEEPALIVE_AUDIT: 'off' }],
    [preload, { NAT_KEEPALIVE: 'off' }],
  ]
  for (const [args, env] of table) {
    const { code, stdout, stderr } = await runNode([...args, '-e', program, port], { env })
    t.equal(code, 0, stderr)
    reports.push(
      ...stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    )
  }
  t.equal(reports.length, 2 * table.length)
  const text = JSON.stringify(reports)
  for (const part of [/"foreign":\[\{/, /"request":\{/, /"asked":\{/, /"options":\{/]) {
    t.match(text, part, 'one of them has it')
  }
  await matches(t, 'report', reports)
})

t.test('audit --json is what its schema says', async (t) => {
  const port = await listener(t)
  const stay = `require('node:net').connect(${port}, '127.0.0.1').on('error', () => {})`
  // As it is installed: a hook is known by the name of its folder.
  const folder = t.testdir({
    'nat-keepalive': {
      'register.js': `require(${JSON.stringify(register)})`,
      'package.json': JSON.stringify({ name: 'nat-keepalive', version: '0.1.0' }),
    },
  })
  const preload = `--require ${folder}/nat-keepalive/register.js`
  const argv = withEnv({ NODE_OPTIONS: preload }, [process.execPath, '-e', stay])
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: 'ignore' })
  t.teardown(() => void child.kill('SIGKILL'))
  const documents: Json[] = []
  const look = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { stdout, stderr } = await runNode([bin, 'audit', '--json', ...args], { env })
    t.equal(stderr, '')
    documents.push(JSON.parse(stdout))
  }
  const named = [`${child.pid}`, '--loopback']
  // Until it is connected.
  for (let looks = 0; looks < 50 && !JSON.stringify(documents.at(-1) ?? '').includes('"fds"'); ) {
    documents.length = 0
    await look(named)
    looks++
  }
  await look(named, { NAT_KEEPALIVE_NATIVE: 'off' })
  await look([`${process.pid}`])
  await look(['--loopback'])
  const text = JSON.stringify(documents)
  for (const part of [/"hook":\{/, /"source":"descriptor"/, /"source":"proc"/]) {
    t.match(text, part, 'one of them has it')
  }
  documents.push(JSON.parse(JSON.stringify(rare())))
  await matches(t, 'audit', documents)
})

/** What a machine without containers and other users does not show. */
function rare() {
  const socket = {
    inode: 7,
    uid: null,
    fds: [],
    local: { address: '192.0.2.7', port: 40_000 },
    remote: { address: '2001:db8::17', port: 443 },
    state: 'close-wait' as const,
    word: fires(7_000),
    times: null,
    options: null,
    source: 'sock_diag' as const,
    judged: { verdict: 'unknown' as const, reason: 'Nobody knows.' },
  }
  const process = {
    pid: null,
    command: '',
    uid: null,
    ageMs: null,
    node: null,
    container: { id: '0123456789ab', runtime: 'containerd' as const, podUid: null },
    pod: 'web-7f9c-abcde',
    hook: { version: null, by: 'maps' as const, file: '/opt/nat-keepalive/register.js' },
    sysctls: { known: false as const, why: 'its process is not seen' },
    skippedLines: 0,
    unplaced: 2,
    refused: 'EPERM',
    sockets: [socket],
  }
  const hidden = { pid: 1, name: 'init', uid: null, why: 'EACCES' }
  const group = { why: 'It is hidden.', action: 'Run this as root.' }
  const unseen = [
    { reason: 'hidden' as const, count: null, processes: [], ...group },
    { reason: 'other-user' as const, count: 1, processes: [hidden], ...group },
  ]
  const audit = { looked: 1, processes: [process], unseen }
  return auditDocument(audit, 240_000, { known: false, why: 'it was switched off' })
}

t.test('doctor --json is what its schema says', async (t) => {
  const documents: Json[] = []
  for (const env of [
    {},
    { NAT_KEEPALIVE: 'off' },
    { NAT_KEEPALIVE_LIMIT: '60', NAT_KEEPALIVE_LIMTI: '1' },
    { NAT_KEEPALIVE_MODE: 'kernel', NODE_OPTIONS: `--require ${register}` },
    { NAT_KEEPALIVE_PROFILE: 'aws-global-accelerator', NAT_KEEPALIVE_NATIVE: 'off' },
  ]) {
    const { stdout } = await runNode([bin, 'doctor', '--json', '--strict'], { env })
    documents.push(JSON.parse(stdout))
  }
  await matches(t, 'doctor', documents)
})

t.test('measure --json is what its schema says', async (t) => {
  const target = { host: 'db.example', port: 5432, address: '192.0.2.1', addresses: ['192.0.2.1'] }
  const rung = (silentMs: number, outcome: 'answered' | 'reset' | 'closed' | 'speaks') => ({
    plannedMs: silentMs,
    silentMs,
    outcome,
  })
  const control = rung(2_000, 'answered')
  const table: readonly [Conclusion['kind'], Parameters<typeof reported>[0]][] = [
    ['limit', { rungs: [rung(5_000, 'answered'), rung(9_000, 'reset')] }],
    ['none', { rungs: [rung(5_000, 'answered')] }],
    ['closes', { rungs: [rung(5_000, 'closed')] }],
    ['mixed', { rungs: [rung(5_000, 'reset'), rung(9_000, 'answered')] }],
    ['swallowed', { swallowedAfterMs: 4_000 }],
    ['speaks', { control: null, rungs: [rung(1_000, 'speaks')] }],
    ['unknown', { control: null }],
  ]
  function reported(more: {
    control?: null
    rungs?: ReturnType<typeof rung>[]
    swallowedAfterMs?: number
  }) {
    const usual = { target, connections: 3, interrupted: false, control, rungs: [] }
    const given = { delayMs: 45_000, startedAt: new Date(), tookMs: 9_000 }
    return toReport({ ...usual, swallowedAfterMs: null, ...more }, [], given)
  }
  const documents: Json[] = table.map(([kind, more]) => {
    const document = JSON.parse(JSON.stringify(reported(more)))
    t.equal(document.conclusion.kind, kind)
    return document
  })
  const port = await listener(t)
  const measured = await runNode([bin, 'measure', `127.0.0.1:${port}`, '--steps', '3s', '--json'])
  documents.push(JSON.parse(measured.stdout))
  await matches(t, 'measure', documents)
})
