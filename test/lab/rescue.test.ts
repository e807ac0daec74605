import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import type { AuditDocument } from '../../src/outside/audit-document'
import { needFiles } from '../native-part/need-files'
import { root, withEnv } from '../run-node'
import { needLab } from './need-lab'

const bin = join(root, 'dist', 'bin.js')
const programs = join(root, 'test', 'lab', 'programs')
const node = process.execPath

const limitSeconds = 6
/** Twice the limit: by then the NAT has forgotten whoever kept silent. */
const line = `late ${2 * limitSeconds * 1_000}`

interface Client {
  readonly name: string
  said(): string
}

function start(lab: Lab, name: string, argv: readonly string[]): Client {
  const [command = '', ...args] = withEnv({}, [...argv])
  const child = lab.spawn('client', [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout?.on('data', (chunk) => {
    said += chunk
  })
  return { name, said: () => said }
}

async function until(client: Client, pattern: RegExp, timeoutMs = 60_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!pattern.test(client.said())) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}

async function serve(lab: Lab, argv: readonly string[]): Promise<string> {
  const server = lab.spawn('server', withEnv({}, [node, ...argv]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve) => server.stdout?.once('data', (chunk) => resolve(String(chunk))))
}

/** The clients of five languages, the Go one without the C library. */
function clients(t: Test, address: string, postgresPort: string): [string, string[]][] {
  const folder = t.testdir({})
  const go = join(folder, 'late-client')
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: join(folder, 'cache'),
    GO111MODULE: 'off',
  }
  execFileSync('/usr/bin/go', ['build', '-o', go, join(programs, 'late-client.go')], { env })
  execFileSync('/usr/bin/javac', ['-d', folder, join(programs, 'LateClient.java')])
  const seconds = 2 * limitSeconds
  return [
    ['node', [node, join(programs, 'late-client.cjs'), address, line]],
    ['python3', ['/usr/bin/python3', join(programs, 'late_client.py'), address, line]],
    ['java', ['/usr/bin/java', '-cp', folder, 'LateClient', address, line]],
    ['late-client', [go, address, line]],
    [
      'psql',
      [
        '/usr/bin/psql',
        `postgresql://u@${address}:${postgresPort}/d?sslmode=disable&gssencmode=disable`,
        '-At',
        '-c',
        `SELECT pg_sleep(${seconds})`,
      ],
    ],
  ]
}

const files = {
  '/usr/bin/go': 'golang-go',
  '/usr/bin/javac': 'default-jdk-headless',
  '/usr/bin/psql': 'postgresql-client',
  '/usr/bin/python3': 'python3',
}

t.test('rescued at half the limit, answered after twice', async (t) => {
  if (!needLab(t) || !needFiles(t, files)) return
  const lab = await createLab({ limitSeconds, expiry: 'drop' })
  t.teardown(() => lab.close())
  await serve(lab, [join(programs, 'late-server.cjs')])
  const standIn = join(root, 'test/story/servers/postgres-stand-in.cjs')
  const script = `require(${JSON.stringify(standIn)}).start('${lab.serverAddress}')`
  const [, postgresPort = ''] = /^ready (\d+)/.exec(await serve(lab, ['-e', script])) ?? []

  const table = clients(t, lab.serverAddress, postgresPort)
  const command = (args: readonly string[]) =>
    lab.run('client', withEnv({ NAT_KEEPALIVE_LIMIT: `${limitSeconds}s` }, [node, bin, ...args]))
  const audit = async () => {
    const { stdout, stderr } = await command(['audit', '--json'])
    if (stderr !== '') throw new Error(stderr)
    return (JSON.parse(stdout) as AuditDocument).processes
  }
  for (const [name, argv] of table) {
    // One after the other: a slow start of one must not take the time of another.
    const client = start(lab, name, argv)
    if (name === 'psql') await waitForSocket(audit, 'psql')
    else t.ok(await until(client, /connected/), `${name} is connected`)
    const found = (await audit()).find((one) => one.command.split(' ')[0] === name)
    t.match(found?.sockets, [{ source: 'descriptor', verdict: 'at-risk' }], `${name} is at risk`)
    await sleep((limitSeconds * 1_000) / 2)
    const rescued = await command(['rescue', `${found?.pid}`, '--json'])
    t.equal(rescued.code, 0, rescued.stderr)
    const [process] = JSON.parse(rescued.stdout).processes
    t.match(process.connections, [
      {
        outcome: 'rescued',
        after: { keepalive: true, delayMs: 1_000, intervalMs: 3_000, probes: 120 },
      },
    ])
    const after = (await audit()).find(({ pid }) => pid === found?.pid)
    t.match(after?.sockets, [{ verdict: 'safe' }])
    const answer = name === 'psql' ? /^\n/ : new RegExp(`answer: ${line}`)
    t.ok(await until(client, answer, 3 * limitSeconds * 1_000), `${name}: ${client.said()}`)
  }
})

t.test('the same without a rescue is never answered', async (t) => {
  if (!needLab(t)) return
  const lab = await createLab({ limitSeconds, expiry: 'drop' })
  t.teardown(() => lab.close())
  await serve(lab, [join(programs, 'late-server.cjs')])
  const argv = ['/usr/bin/python3', join(programs, 'late_client.py'), lab.serverAddress, line]
  const client = start(lab, 'python3', argv)
  t.ok(await until(client, /connected/))
  t.notOk(await until(client, /answer/, 3 * limitSeconds * 1_000))
})

async function waitForSocket(audit: () => Promise<AuditDocument['processes']>, name: string) {
  for (let again = 0; again < 100; again++) {
    if ((await audit()).some(({ command }) => command.split(' ')[0] === name)) return
    await sleep(100)
  }
  throw new Error(`${name} does not connect.`)
}
