import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { optionsOfProcess } from '../oracle/options-of-process'
import { type NodeRun, register, root, runNode } from '../run-node'
import {
  expectedOptions,
  keepsFirstCall,
  type Look,
  type Options,
  respectWays,
  sysctlOptions,
} from '../ways-expected'
import { bareIsOn } from './bare-node'
import { type Binary, isSince } from './binaries'
import type { Row } from './row'

/** The columns of the matrix: moments of the ways to connect, then how a program can be started. */
export const columns = [
  'bare',
  'connected',
  'in flight',
  'pooled',
  'reused',
  'tunnelled',
  'calls',
  'kernel mode',
  'respect',
  'excluded',
  'Worker',
  'fork',
  'ESM',
  'NODE_OPTIONS',
  'snapshot',
  'permission',
  'same',
  'report',
  'idle',
] as const

type Column = (typeof columns)[number]

/** Runs programs under one Node and puts into its row what differs. */
export type Step = (binary: Binary, row: Row) => Promise<void>

const WAYS = join(root, 'test', 'fixtures', 'ways.cjs')
const fixture = (name: string) => join(root, 'test', 'fixtures', name)
const program = (name: string) => join(__dirname, 'programs', `${name}.cjs`)
const HOOK = ['-r', register]

/** Enough to see that the hook is there: plain, TLS, pooled by an agent, undici, happy eyeballs. */
const SOME = ['net', 'tls', 'https', 'fetch', 'net, first address refused']

/** A run's stderr without what Node itself warns of: that fetch or --permission are experimental. */
function saidByUs(stderr: string): string {
  return stderr
    .replaceAll(/^\(node:\d+\) (\[PERM0001\] )?(Experimental|Security)Warning: .*\n/gm, '')
    .replaceAll(/^\(Use `node --trace-warnings .*\n/gm, '')
}

function checkQuiet(row: Row, column: Column, run: NodeRun): void {
  row.check(column, 'exit', run.code ?? run.signal, 0)
  row.check(column, 'stderr', saidByUs(run.stderr), '')
}

/** The one line of JSON that the fixture prints; anything else on stdout is a difference. */
function parse<T>(run: NodeRun): T {
  if (run.stdout.trim().split('\n').length !== 1) throw new Error(`stdout: ${run.stdout}`)
  return JSON.parse(run.stdout) as T
}

async function looks(
  { node }: Binary,
  row: Row,
  column: Column,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Look[]> {
  // What Node sets by itself, at once; test/matrix/top-up.ts has what the native part sets later.
  const alone = { NAT_KEEPALIVE_NATIVE: 'off', ...env }
  const run = await runNode(args, { node, env: alone, timeoutMs: 60_000 })
  checkQuiet(row, column, run)
  const seen = parse<Look[]>(run)
  if (seen.length === 0) row.fail(column, 'no connection was looked at')
  return seen
}

function checkLooks(row: Row, seen: readonly Look[], columnOf: (look: Look) => Column): void {
  for (const look of seen) {
    const { way, moment, options } = look
    const wanted = [expectedOptions(look, row.version)]
    row.check(columnOf(look), `${way}: ${moment}`, options.map(inWords), wanted.map(inWords))
  }
}

function inWords({ on, idle, interval, count }: Options): string {
  return `${on ? 'on' : 'off'} ${idle}/${interval}/${count}`
}

function momentOf({ way, moment }: Look): Column {
  if (way.startsWith('setKeepAlive')) return 'calls'
  return way === 'https through CONNECT' ? 'tunnelled' : (moment as Column)
}

/** That Node leaves open what the hook closes, in the same program: the matrix can fail. */
const bare: Step = async (binary, row) => {
  for (const look of await looks(binary, row, 'bare', [WAYS])) {
    const found = look.options.map(({ on }) => on)
    row.check('bare', `${look.way}: ${look.moment}`, found, [bareIsOn(look, row.version)])
  }
}

const hooked: Step = async (binary, row) => {
  if (keepsFirstCall(row.version)) {
    row.notes.push(
      'it ignores a setKeepAlive(true) where keepalive is on, so the delay of the hook stays ' +
        "where the program's own would be shorter, and report() tells the program's",
    )
  }
  checkLooks(row, await looks(binary, row, 'connected', [...HOOK, WAYS]), momentOf)
}

const kernelMode: Step = async (binary, row) => {
  const seen = await looks(binary, row, 'kernel mode', [...HOOK, WAYS], {
    NAT_KEEPALIVE_MODE: 'kernel',
    NAT_KEEPALIVE_SYSCTL: 'off',
  })
  for (const { way, moment, options } of seen) {
    const wanted = [inWords(sysctlOptions())]
    row.check('kernel mode', `${way}: ${moment}`, options.map(inWords), wanted)
  }
}

const respect: Step = async (binary, row) => {
  const seen = await looks(binary, row, 'respect', [...HOOK, WAYS, ...respectWays], {
    NAT_KEEPALIVE_APP: 'respect',
  })
  const wanted = {
    net: 45,
    'net, keepAlive option of 10 min': 600,
    'net, switched off before connect': 'off',
    'net, off while connecting': 'off',
    'tls, off while connecting': 'off',
    '[false]': 'off',
    '[true,600000]': keepsFirstCall(row.version) ? 45 : 600,
  }
  for (const [name, idle] of Object.entries(wanted)) {
    const look = seen.find(({ moment, way }) => moment === name || way === name)
    const found = look?.options.map((options) => (options.on ? options.idle : 'off'))
    row.check('respect', name, found, [idle])
  }
}

/** A name whose address turns out to be excluded is as without the hook, and any other is not. */
const excluded: Step = async (binary, row) => {
  const run = (flags: string[], rule?: string) => {
    const env = { WAYS_HOST: 'localhost', ...(rule ? { NAT_KEEPALIVE_EXCLUDE: rule } : {}) }
    return looks(binary, row, 'excluded', [...flags, WAYS], env)
  }
  const [plain, left] = [await run([]), await run(HOOK, '127.0.0.0/8')]
  row.check('excluded', 'looks', left.length, plain.length)
  for (const [index, { way, moment, options }] of plain.entries()) {
    const found = left[index]?.options.map(inWords)
    row.check('excluded', `${way}: ${moment}`, found, options.map(inWords))
  }
  checkLooks(row, await run(HOOK, '10.0.0.0/8'), () => 'excluded')
}

const starts: Step = async (binary, row) => {
  const url = pathToFileURL(register).href
  const programs: [Column, string[], Record<string, string>?][] = [
    ['Worker', [...HOOK, fixture('in-worker.cjs')]],
    ['fork', [...HOOK, fixture('in-fork.cjs')]],
    ['ESM', [...HOOK, fixture('ways.mjs')]],
    ['NODE_OPTIONS', [WAYS], { NODE_OPTIONS: `--require "${register}"` }],
  ]
  // The option came with 19.0 and 18.18.
  if (isSince(row.version, '18.18.0'))
    programs.push(['ESM', ['--import', url, fixture('ways.mjs')]])
  for (const [column, args, env] of programs) {
    checkLooks(row, await looks(binary, row, column, [...args, ...SOME], env), () => column)
  }
}

/** A heap that was built without the hook, and one that was built with it, as in a base image. */
const snapshot: Step = async (binary, row) => {
  if (!isSince(row.version, '18.8.0')) {
    row.absent('snapshot')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  try {
    writeFileSync(join(folder, 'entry.cjs'), 'globalThis.built = true')
    const NODE_OPTIONS = `--require "${register}"`
    for (const [name, env] of Object.entries({ bare: {}, hooked: { NODE_OPTIONS } })) {
      const blob = ['--snapshot-blob', join(folder, `${name}.blob`)]
      const build = [...blob, '--build-snapshot', join(folder, 'entry.cjs')]
      checkQuiet(row, 'snapshot', await runNode(build, { node: binary.node, env, cwd: folder }))
      const flags = name === 'bare' ? HOOK : []
      const args = [...blob, ...flags, WAYS, ...SOME]
      checkLooks(row, await looks(binary, row, 'snapshot', args, env), () => 'snapshot')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The options are read from outside: inside, what reads them would need more grants than the hook. */
const permission: Step = async ({ node }, row) => {
  if (!isSince(row.version, '20.0.0')) {
    row.absent('permission')
    return
  }
  const flag = isSince(row.version, '22.13.0') ? '--permission' : '--experimental-permission'
  const net = isSince(row.version, '25.0.0') ? ['--allow-net'] : []
  const args = [flag, `--allow-fs-read=${root}/*`, ...net, ...HOOK, program('listening')]
  const seen: string[][] = []
  const run = await runNode(args, {
    node,
    onStart(child) {
      child.stdout?.once('data', (line: string) => {
        try {
          for (const port of line.split(' ').map(Number)) {
            const options = optionsOfProcess(child.pid as number, { remotePort: port })
            seen.push(options.map(inWords))
          }
        } catch (error) {
          row.fail('permission', error)
        }
        child.kill('SIGTERM')
      })
    },
  })
  row.check('permission', 'exit', run.code ?? run.signal, 'SIGTERM')
  row.check('permission', 'stderr', saidByUs(run.stderr), '')
  const connected = { way: 'net', moment: 'connected', options: [] }
  const wanted = [inWords(expectedOptions(connected, row.version))]
  row.check('permission', 'net and tls', seen, [wanted, wanted])
}

/** What a user could tell a program with the hook from one without by. */
const same: Step = async ({ node }, row) => {
  for (const name of ['shape', 'throws', 'refused']) {
    const seen = async (flags: string[]) => {
      const run = await runNode([...flags, program(name)], { node })
      return { ...run, stderr: run.stderr.replaceAll(/\(node:\d+\)/g, '(node:PID)') }
    }
    const [plain, hooked] = [await seen([]), await seen(HOOK)]
    for (const part of ['code', 'signal', 'stdout', 'stderr'] as const) {
      row.check('same', `${name}: ${part}`, hooked[part], plain[part])
    }
    row.check('same', `${name}: printed something`, plain.stdout + plain.stderr !== '', true)
  }
}

interface Reported {
  readonly way: string
  readonly told: readonly {
    readonly verdict: string
    readonly armed: boolean | null
    readonly applied: { delayMs: number; intervalMs: number; probes: number } | null
  }[]
  readonly options: readonly Options[]
  readonly foreign: readonly unknown[] | null
}

/** Ways in which the program asks for another delay once keepalive is on. */
const LATER_CALLS = ['net, 5 s', 'net, four arguments', 'https, pooled']

/** That report() says of a socket what getsockopt says. */
const report: Step = async ({ node }, row) => {
  const ask = async (env: Record<string, string>) => {
    const run = await runNode([...HOOK, program('reported')], { node, env })
    checkQuiet(row, 'report', run)
    return parse<Reported[]>(run)
  }
  for (const { way, told, options, foreign } of await ask({})) {
    row.check('report', `${way}: verdict`, verdicts(told), ['safe, armed true'])
    const applied = told.map(({ applied }) => applied)
    // There the report tells what was passed on, and Node did not hear it.
    const unheard = keepsFirstCall(row.version) && LATER_CALLS.includes(way)
    if (!unheard) row.check('report', `${way}: applied`, applied, options.map(inMilliseconds))
    row.check('report', `${way}: idle within`, (options[0]?.idle ?? 999) <= 45, true)
    row.check('report', `${way}: connections`, [options.length, foreign], [1, []])
  }
  const inKernelMode = { NAT_KEEPALIVE_MODE: 'kernel', NAT_KEEPALIVE_SYSCTL: 'off' }
  const late = sysctlOptions().idle * 1_000 >= 240_000
  for (const { way, told, options } of await ask(inKernelMode)) {
    const verdict = `${late ? 'at-risk' : 'safe'}, armed true`
    row.check('report', `kernel mode, ${way}: verdict`, verdicts(told), [verdict])
    const applied = told.map(({ applied }) => applied)
    const sysctls = { delayMs: null, intervalMs: null, probes: null }
    row.check('report', `kernel mode, ${way}: applied`, applied, [sysctls])
    const wanted = [inWords(sysctlOptions())]
    row.check('report', `kernel mode, ${way}: options`, options.map(inWords), wanted)
  }
}

function verdicts(told: Reported['told']): string[] {
  return told.map(({ verdict, armed }) => `${verdict}, armed ${armed}`)
}

function inMilliseconds({ idle, interval, count }: Options) {
  return { delayMs: idle * 1_000, intervalMs: interval * 1_000, probes: count }
}

/** The warnings about idle connections, which say NKA201 only where the kernel confirms it. */
const idle: Step = async ({ node }, row) => {
  const tell = async (env: Record<string, string>) => {
    const run = await runNode([...HOOK, program('idle')], {
      node,
      env: {
        NAT_KEEPALIVE_IDLE_WARN: '700ms',
        NAT_KEEPALIVE_AUDIT: '100ms',
        NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
        NAT_KEEPALIVE_FORMAT: 'json',
        ...env,
      },
    })
    row.check('idle', 'exit', [run.code, run.stdout], [0, ''])
    const lines = run.stderr.split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line).code)
  }
  row.check('idle', 'protected', await tell({}), ['NKA201', 'NKA201'])
  const bare = { NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8' }
  row.check('idle', 'excluded', await tell(bare), ['NKA202', 'NKA202'])
}

/** The steps, each with the column that says so when it could not be finished. */
export const steps: readonly (readonly [Column, Step])[] = [
  ['bare', bare],
  ['connected', hooked],
  ['kernel mode', kernelMode],
  ['respect', respect],
  ['excluded', excluded],
  ['Worker', starts],
  ['snapshot', snapshot],
  ['permission', permission],
  ['same', same],
  ['report', report],
  ['idle', idle],
]
