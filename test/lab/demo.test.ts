import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { askKernel, type KernelWord, parseWord } from '../../src/demo/kernel-word'
import { judgeGateway, judgeLoopback, type Measurements } from '../../src/demo/measurements'
import { buildLabs, type Gateway, type Story, times } from '../../src/demo/nat'
import { cleanEnv } from '../../src/demo/program'
import { withProgress } from '../../src/demo/progress'
import { createSelfSigned } from '../../src/demo/self-signed'
import {
  conclude,
  introduceLoopback,
  introduceNat,
  renderGateway,
  renderLoopback,
  renderNoNat,
} from '../../src/demo/text'
import { type createLab, type Lab, LabUnavailable } from '../../src/lab/lab'
import { findProfile } from '../../src/settings/profiles'
import { createPaint } from '../../src/terminal/terminal'
import { wrapText } from '../../src/terminal/wrap-text'
import { root, runNode } from '../run-node'
import { needLab } from './need-lab'

const bin = join(root, 'dist', 'bin.js')
const noTools = { PATH: '/no-such-folder' }

const plain = createPaint({ write() {} }, {})
const off: KernelWord = { armed: false, nextTimerMs: null, column: '00:00000000', why: null }
const on: KernelWord = { armed: true, nextTimerMs: 44_930, column: '02:0000118D', why: null }
const hidden: KernelWord = { armed: null, nextTimerMs: null, column: null, why: 'it is hidden' }

const lost: Story = {
  client: { outcome: 'waiting', ms: 16_012, code: null },
  answeredMs: 11_003,
  kernel: off,
  forgottenMs: 5404,
  why: null,
}
const kept: Story = {
  client: { outcome: 'answered', ms: 11_049, code: null },
  answeredMs: 11_004,
  kernel: { ...on, nextTimerMs: 920 },
  forgottenMs: null,
  why: null,
}
const gateway: Gateway = { expiry: 'reset', without: lost, with: kept }

t.test('the text, from fixed data', async (t) => {
  const text = [
    introduceLoopback(plain),
    renderLoopback({ without: off, with: on }, plain),
    introduceNat(times, plain),
    renderGateway(gateway, plain),
    renderGateway(
      {
        expiry: 'drop',
        without: { ...lost, client: { outcome: 'error', ms: 5000, code: 'ECONNRESET' } },
        with: { ...kept, answeredMs: null, kernel: hidden, why: 'it is hidden' },
      },
      plain,
    ),
    conclude(true),
  ].join('')
  t.equal(
    text,
    `Part 1: what the kernel does while an https request waits
Two programs on this machine each wait for an answer. The kernel says whether it
will send keepalive probes meanwhile; without them, nothing passes on the
connection, and a NAT forgets it.

                 without nat-keepalive   with nat-keepalive
  started as     node app.js             node -r nat-keepalive/register app.js
  keepalive      off                     on, first probe in 45 s
  /proc/net/tcp  tr 00:00000000          tr 02:0000118D

Part 2: an answer that takes longer than the NAT remembers
A service answers after 11 s, its clients wait for up to 16 s, and the NAT
between them forgets a connection that is idle for 5 s. This is a real NAT, of
the Linux kernel. Those of the clouds forget later: AWS after 350 s, Azure after
240 s.

A NAT that resets what it has forgotten, as the AWS NAT Gateway does:
                 without nat-keepalive   with nat-keepalive
  keepalive      off                     on, first probe in 1 s
  the NAT        forgot it by 5.4 s      knew it to the end
  the service    answered at 11.0 s      answered at 11.0 s
  the client     no answer by 16.0 s     got its answer at 11.0 s

A NAT that drops what it has forgotten, as many firewalls do:
                 without nat-keepalive   with nat-keepalive
  keepalive      off                     not known
  the NAT        forgot it by 5.4 s      not known
  the service    answered at 11.0 s      did not answer
  the client     ECONNRESET at 5.0 s     got its answer at 11.0 s
Not known, because it is hidden.

The client that only waits sends nothing, so it never learns that its connection
is gone. To protect a program of yours, start it with this line:
  node -r nat-keepalive/register app.js
`,
  )
})

t.test('the text where something cannot be known or done here', async (t) => {
  const install = '`apt-get install -y iproute2 nftables util-linux mount dash`'
  const missing = `The NAT lab needs ip, nft in the PATH: install with ${install}.`
  t.equal(
    `${renderLoopback({ without: hidden, with: hidden }, plain)}${renderNoNat(missing, plain)}${conclude(false)}`,
    `                 without nat-keepalive   with nat-keepalive
  started as     node app.js             node -r nat-keepalive/register app.js
  keepalive      not known               not known
Not known, because it is hidden.

Part 2: an answer that takes longer than the NAT remembers
This part is left out, because it needs a NAT on this machine. The NAT lab needs
ip, nft in the PATH: install with
\`apt-get install -y iproute2 nftables util-linux mount dash\`. Part 1 is all that
can be shown here. Where there is Docker, this shows both:

  docker run --rm --privileged node:24 sh -c "apt-get update -qq &&
    apt-get install -qq -y iproute2 nftables && npx -y nat-keepalive demo"

To protect a program of yours, start it with this line:
  node -r nat-keepalive/register app.js
`,
  )
})

t.test('the limits of the clouds are those of the profiles', async (t) => {
  const [, aws, azure] =
    /AWS after (\d+) s, Azure\s+after\s+(\d+) s/.exec(introduceNat(times, plain)) ?? []
  t.equal(Number(aws), findProfile('aws-nat-gateway')?.limitSeconds)
  t.equal(Number(azure), findProfile('azure-nat-gateway')?.limitSeconds)
})

t.test('colours are for terminals, and not with NO_COLOR', async (t) => {
  const terminal = { write() {}, isTTY: true }
  t.equal(createPaint(terminal, {})('red', 'off'), '\x1b[31moff\x1b[39m')
  t.equal(createPaint(terminal, { NO_COLOR: '' })('red', 'off'), '\x1b[31moff\x1b[39m')
  t.equal(createPaint(terminal, { NO_COLOR: '1' })('red', 'off'), 'off')
  t.equal(createPaint(terminal, { TERM: 'dumb' })('red', 'off'), 'off')
  t.equal(createPaint({ write() {} }, {})('red', 'off'), 'off')
  const painted = renderGateway(gateway, createPaint(terminal, {}))
  t.match(painted, '\x1b[32mgot its answer')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.equal(painted.replace(/\x1b\[\d+m/g, ''), renderGateway(gateway, plain), 'columns stay')
})

t.test('progress is one line on a terminal, and is removed', async (t) => {
  let written = ''
  const output = { write: (text: string) => (written += text) }
  const text = (seconds: number) => `Waiting: ${seconds} s.`
  await withProgress(output, text, Promise.resolve())
  t.equal(written, '')
  const terminal = { ...output, isTTY: true }
  t.equal(await withProgress(terminal, text, sleep(1100, 'done')), 'done')
  t.equal(written, `\rWaiting: 0 s.\rWaiting: 1 s.\r${' '.repeat(13)}\r`)
  await t.rejects(withProgress(terminal, text, Promise.reject(new Error('no'))), { message: 'no' })
  t.match(written, / {13}\r$/)
})

t.test('text is wrapped between words, never in a command', async (t) => {
  t.equal(wrapText('a bc def', 4), 'a bc\ndef')
  t.equal(wrapText('abcdef g', 4), 'abcdef\ng')
  t.equal(wrapText('run `a b c`. Yes.', 6), 'run\n`a b c`.\nYes.')
  t.equal(wrapText(''), '')
})

const row = (local: string, remote: string, column: string) =>
  `   3: 0100007F:${local} 0100007F:${remote} 01 00000000:00000000 ${column} 00000000  0  0 7 2`
const table = (column: string) =>
  [
    '  sl  local_address rem_address   st',
    row('01BB', '9C40', '00:00000000'),
    row('9C40', '01BB', column),
  ].join('\n')
const words: [string, string, Partial<KernelWord>][] = [
  ['no timer', table('00:00000000'), { armed: false, nextTimerMs: null, why: null }],
  ['keepalive', table('02:00001194'), { armed: true, nextTimerMs: 45_000, why: null }],
  [
    'retransmission',
    table('01:00000014'),
    { armed: null, column: '01:00000014', why: /hides/ as never },
  ],
  ['zero window', table('04:00000014'), { armed: null, why: /hides/ as never }],
  [
    'no such row',
    table('02:00001194').slice(0, 150),
    { armed: null, column: null, why: /not in/ as never },
  ],
  ['a bad column', table('02:xyz'), { armed: null, why: /not in/ as never }],
  ['nothing', '', { armed: null, why: /not in/ as never }],
]
for (const [name, text, expected] of words) {
  t.test(`the kernel's word: ${name}`, async (t) => {
    t.match(parseWord(text, 40_000, 443), expected)
  })
}

t.test('the kernel is asked again while data hides the timer', async (t) => {
  const tables = [table('01:00000014'), table('02:00001194')]
  const read = async () => ({ known: true, value: tables.shift() ?? '' }) as const
  t.match(await askKernel(read, 40_000, 443), { armed: true })
  const why = 'there is no /proc on darwin'
  t.match(await askKernel(async () => ({ known: false, why }), 40_000, 443), { armed: null, why })
})

t.test('what would prove the demo wrong', async (t) => {
  t.strictSame(judgeLoopback({ without: off, with: on }), [])
  t.strictSame(judgeLoopback({ without: hidden, with: hidden }), [])
  t.match(judgeLoopback({ without: on, with: on }), [/without nat-keepalive has keepalive/])
  t.match(judgeLoopback({ without: off, with: off }), [/with nat-keepalive has no keepalive/])
  t.match(judgeLoopback({ without: off, with: { ...on, nextTimerMs: 46_000 } }), [/46000 ms/])
  t.strictSame(judgeGateway(gateway), [])
  t.match(judgeGateway({ ...gateway, with: lost }), [
    /^Behind the NAT that resets, .* not answered/,
  ])
  t.match(judgeGateway({ ...gateway, expiry: 'drop', without: kept }), [
    /drops, .* answered as well/,
  ])
  t.match(judgeGateway({ ...gateway, without: { ...lost, answeredMs: null } }), [
    /the service did not/,
  ])
})

t.test('a certificate is good for its host, and for no other', async (t) => {
  for (let round = 0; round < 20; round++) {
    const certificate = new X509Certificate(createSelfSigned('127.0.0.1').cert)
    t.ok(certificate.verify(certificate.publicKey))
    t.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
    t.equal(certificate.checkIP('127.0.0.2'), undefined)
  }
  const identity = createSelfSigned('localhost')
  const server = createServer(identity, (_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const ask = (servername: string, ca: string) =>
    new Promise((resolve) => {
      get({ port, host: '127.0.0.1', servername, ca, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    })
  t.equal(await ask('localhost', identity.cert), 200)
  t.equal(await ask('example.org', identity.cert), 'ERR_TLS_CERT_ALTNAME_INVALID')
  t.equal(await ask('localhost', createSelfSigned('localhost').cert), 'DEPTH_ZERO_SELF_SIGNED_CERT')
})

t.test('the programs get nothing that changes how Node or the hook behaves', async (t) => {
  const given = {
    PATH: '/bin',
    NODE_OPTIONS: '-r x',
    NODE_EXTRA_CA_CERTS: 'y',
    NAT_KEEPALIVE: 'off',
    NAT_KEEPALIVE_LIMIT: '9s',
    DEBUG: '*',
  }
  t.strictSame(cleanEnv(given), { PATH: '/bin' })
})

t.test('where one NAT cannot be built, the other is closed', async (t) => {
  let closed = 0
  const half = (error: Error): typeof createLab => {
    return async ({ expiry } = {}) => {
      if (expiry === 'drop') throw error
      return { close: async () => void closed++ } as unknown as Lab
    }
  }
  t.equal(await buildLabs(half(new LabUnavailable('Not here.'))), 'Not here.')
  t.equal(closed, 1)
  await t.rejects(buildLabs(half(new Error('Unexpected.'))), { message: 'Unexpected.' })
  t.equal(closed, 2)
})

t.test('the demo', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const startedAt = Date.now()
  const run = await runNode([bin, 'demo', '--json'], {
    env: { NODE_OPTIONS: '--no-deprecation', NAT_KEEPALIVE_DELAY: '500s' },
    timeoutMs: 60_000,
  })
  t.match(run, { code: 0, stderr: '' })
  t.ok(Date.now() - startedAt < 40_000, 'it takes less than 40 s')
  const { loopback, nat, natWhy, problems }: Measurements = JSON.parse(run.stdout)
  t.strictSame(problems, [])
  t.match(loopback.without, off)
  t.match(loopback.with, { armed: true, why: null })
  const first = loopback.with.nextTimerMs ?? 0
  t.ok(first > 40_000 && first <= 45_000, `the first probe comes in ${first} ms`)
  t.equal(natWhy, null)
  t.strictSame(
    nat?.gateways.map(({ expiry }) => expiry),
    ['reset', 'drop'],
  )
  for (const { without, with: withHook } of nat?.gateways ?? []) {
    t.match(without.client, { outcome: 'waiting', code: null })
    t.match(withHook.client, { outcome: 'answered', code: null })
    t.match(without.kernel, { armed: false })
    t.match(withHook.kernel, { armed: true })
    for (const ms of [without.answeredMs, withHook.answeredMs, withHook.client.ms]) {
      t.ok(ms !== null && ms >= 10_990 && ms < 14_000, `answered after ${ms} ms`)
    }
    t.ok(without.client.ms >= times.giveUpMs)
    t.equal(withHook.forgottenMs, null)
    if (without.why === null) {
      const forgotten = without.forgottenMs ?? 0
      t.ok(forgotten > 4000 && forgotten < 9000, `forgotten by ${forgotten} ms`)
    }
  }
})

t.test('without the tools of a NAT, it says what to install and ends well', async (t) => {
  const run = await runNode([bin, 'demo'], { env: noTools })
  t.match(run, { code: 0, stderr: '' })
  for (const line of run.stdout.split('\n')) t.ok(line.length <= 80, line)
  t.match(run.stdout, /^`apt-get install -y .* nftables .*`\.$/m)
  t.match(run.stdout, /first probe in 45 s/)
  const json = JSON.parse((await runNode([bin, 'demo', '--json'], { env: noTools })).stdout)
  t.match(json, { schema: 1, nat: null, natWhy: /apt-get install/, problems: [] })
})

t.test('a hook that does nothing is found out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const demo = [join(folder, 'dist', 'bin.js'), 'demo']

  writeFileSync(join(folder, 'register.js'), '')
  const idle = await runNode(demo, { env: noTools })
  const stderr =
    'The demo does not show what it should. The request with nat-keepalive has no\nkeepalive.\n'
  t.match(idle, { code: 1, stderr })
  t.notMatch(idle.stdout, 'To protect a program')

  writeFileSync(join(folder, 'register.js'), 'process.exit(3)')
  t.match(await runNode(demo, { env: noTools }), { code: 1, stderr: /could not go on: .* with 3/s })
})

/** The processes that have `marker` in their environment, as the demo hands it on to all of its own. */
function processes(marker: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(marker)
    } catch {
      return false
    }
  })
}

async function until(what: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 20_000
  while (!what()) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

function exit(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
}

const endings = [
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGKILL', code: 'SIGKILL' },
] as const
const parts = [
  // The demo itself, the service and both clients; then two holders and all that is behind them.
  { part: 1, atLeast: 2, needsLab: false },
  { part: 2, atLeast: 10, needsLab: true },
]
for (const { part, atLeast, needsLab } of parts) {
  for (const { signal, code } of endings) {
    t.test(`${signal} in part ${part} leaves nothing`, async (t) => {
      if (process.platform !== 'linux') {
        t.pass('processes are counted in /proc', { skip: true })
        return
      }
      if (needsLab && !needLab(t)) return
      const marker = `/demo-marker-${process.pid}-${part}-${signal}`
      const path = needsLab ? process.env.PATH : noTools.PATH
      const child = spawn(process.execPath, [bin, 'demo'], {
        env: { ...cleanEnv(process.env), PATH: `${path}:${marker}` },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let stderr = ''
      child.stderr.on('data', (text) => (stderr += text))
      const ended = exit(child)
      t.ok(await until(() => processes(marker).length >= atLeast), 'it has started')
      child.kill(signal)
      t.equal(await ended, code)
      t.ok(await until(() => processes(marker).length === 0), 'every process ends')
      t.equal(stderr, '')
    })
  }
}

t.test('a reader that goes away ends it', async (t) => {
  const child = spawn(process.execPath, [bin, 'demo'], {
    env: { ...cleanEnv(process.env), ...noTools },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = exit(child)
  child.stdout.destroy()
  t.equal(await ended, 143)
  t.equal(String((await child.stderr.toArray()).join('')), '')
})
