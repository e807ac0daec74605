import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createLab, type Lab, type LabOptions } from '../../src/lab/lab'
import { needLab } from './need-lab'

// Several labs at once, all with the same addresses.
t.jobs = 4

// tap's own NODE_OPTIONS are not for the programs in the lab.
const { NODE_OPTIONS: _, ...env } = process.env
const node = process.execPath
const port = '7000'

const serverProgram = `
  require('node:net').createServer((socket) => {
    socket.on('error', (error) => console.log(error.code))
    socket.on('data', (data) => {
      const [, delay] = /^late (\\d+)/.exec(data) ?? [, 0]
      setTimeout(() => socket.write(data), Number(delay))
    })
  }).listen(${port}, () => console.log('listening'))
`

// Sends what it reads and prints what it receives; an error ends it with its code as last line.
const clientProgram = `
  const [address, delay] = process.argv.slice(1)
  const socket = require('node:net').connect(${port}, address, () => console.log('connected'))
  if (delay !== '0') socket.setKeepAlive(true, Number(delay))
  socket.on('error', (error) => { console.log(error.code); process.exit() })
  process.stdin.pipe(socket).pipe(process.stdout)
`

interface Client {
  send(text: string): void
  /** Everything printed so far. */
  heard(): string
  /** Whether it prints the text within the time. */
  hears(text: string, timeoutMs: number): Promise<boolean>
}

async function startClient(lab: Lab, keepAliveMs: number, address?: string): Promise<Client> {
  const argv = [node, '-e', clientProgram, address ?? lab.serverAddress, String(keepAliveMs)]
  const child = lab.spawn('client', argv, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdin?.on('error', () => {})
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  const client: Client = {
    send: (text) => child.stdin?.write(`${text}\n`),
    heard: () => output,
    async hears(text, timeoutMs) {
      const deadline = Date.now() + timeoutMs
      while (!output.includes(text)) {
        if (Date.now() > deadline) return false
        await sleep(20)
      }
      return true
    },
  }
  return client
}

async function connected(lab: Lab, keepAliveMs: number): Promise<Client> {
  const client = await startClient(lab, keepAliveMs)
  if (!(await client.hears('connected', 10_000))) throw new Error('The client cannot connect.')
  client.send('hello')
  if (!(await client.hears('hello', 10_000))) throw new Error('The server does not answer.')
  return client
}

interface ServedLab extends Lab {
  /** Everything the server has printed: that it listens, and errors of its connections. */
  serverSaid(): string
}

async function withServer(
  t: { teardown(handler: () => unknown): unknown },
  options: LabOptions,
): Promise<ServedLab> {
  const lab = await createLab(options)
  t.teardown(() => lab.close())
  const server = lab.spawn('server', [node, '-e', serverProgram], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  server.stdout?.on('data', (chunk) => {
    said += chunk
  })
  await new Promise((resolve) => server.stdout?.once('data', resolve))
  return { ...lab, serverSaid: () => said }
}

async function icmpReceived(lab: Lab): Promise<string | undefined> {
  const { stdout } = await lab.run('client', ['cat', '/proc/net/snmp'])
  return stdout.match(/^Icmp: (\d+)/m)?.[1]
}

for (const expiry of ['reset', 'drop'] as const) {
  t.test(
    `an idle flow dies (${expiry}) and one with keepalive lives`,
    { buffered: true },
    async (t) => {
      if (!needLab(t)) return
      const lab = await withServer(t, { limitSeconds: 3, expiry })
      const kept = { waits: await connected(lab, 1000), speaks: await connected(lab, 1000) }
      const bare = { waits: await connected(lab, 0), speaks: await connected(lab, 0) }
      for (const { waits } of [kept, bare]) waits.send('late 7000')
      await sleep(7000)
      for (const { speaks } of [kept, bare]) speaks.send('again')

      t.ok(await kept.waits.hears('late', 5000), 'with keepalive the late answer arrives')
      t.ok(await kept.speaks.hears('again', 5000), 'with keepalive the next request is answered')
      if (expiry === 'reset') {
        t.ok(await bare.speaks.hears('ECONNRESET', 5000), 'without, the next request is reset')
      }
      await sleep(2000)
      t.equal(lab.serverSaid(), 'listening\n', 'the server is told nothing')
      t.equal(bare.waits.heard(), 'connected\nhello\n', 'without, the late answer never arrives')
      if (expiry === 'drop') {
        t.equal(
          bare.speaks.heard(),
          'connected\nhello\n',
          'without, the next request meets silence',
        )
      }
    },
  )
}

t.test('an outage is silent, and traffic goes on after it', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await withServer(t, { limitSeconds: 30 })
  const client = await connected(lab, 0)
  const before = await icmpReceived(lab)

  await lab.outage(true)
  await lab.outage(true)
  client.send('during')
  const newcomer = await startClient(lab, 0, lab.serverAddresses[1])
  await sleep(2500)
  t.equal(client.heard(), 'connected\nhello\n', 'an open connection notices nothing')
  t.equal(newcomer.heard(), '', 'a new connection is neither accepted nor refused')
  t.equal(await icmpReceived(lab), before, 'no ICMP message has reached the client')

  await lab.outage(false)
  await lab.outage(false)
  t.ok(await client.hears('during', 15_000), 'what was sent meanwhile arrives')
  t.ok(await newcomer.hears('connected', 15_000), 'the new connection is made')
})

t.test(
  'an outage that outlasts the limit spares only a flow that is probed',
  { buffered: true },
  async (t) => {
    if (!needLab(t)) return
    const lab = await withServer(t, { limitSeconds: 2 })
    const [kept, bare] = await Promise.all([connected(lab, 1000), connected(lab, 0)])
    await lab.outage(true)
    await sleep(5000)
    bare.send('again')
    await sleep(1000)
    t.equal(bare.heard(), 'connected\nhello\n', 'a forgotten flow is not reset during the outage')
    await lab.outage(false)
    kept.send('again')
    t.ok(await kept.hears('again', 10_000), 'the probed flow lives')
    t.ok(await bare.hears('ECONNRESET', 15_000), 'the other is reset after it')
  },
)

t.test('unanswered packets do not shorten the limit', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await withServer(t, { limitSeconds: 400 })
  const client = await connected(lab, 0)
  await lab.outage(true)
  client.send('during')
  await sleep(4000)
  const [, secondsLeft] = /tcp +6 (\d+) ESTABLISHED/.exec((await lab.flows()).join('\n')) ?? []
  t.ok(Number(secondsLeft) > 350, `${secondsLeft} s are left`)
})

t.test('flush makes the NAT forget a flow that is in use', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await withServer(t, { limitSeconds: 30 })
  const client = await connected(lab, 1000)
  t.match((await lab.flows()).join('\n'), /ESTABLISHED src=192\.0\.2\.2 dst=198\.51\.100\.2/)
  await lab.flush()
  t.strictSame(await lab.flows(), [])
  client.send('again')
  t.ok(await client.hears('ECONNRESET', 10_000), 'the next packet is reset')
  t.notMatch(client.heard(), 'again')
  t.ok(await connected(lab, 0), 'a new flow is tracked')
  await lab.flush()
  await lab.outage(true)
  await lab.flush()
  await lab.outage(false)
  t.strictSame(await lab.flows(), [], 'once more, and during an outage')
})

t.test(
  'the namespaces reach each other, themselves, and nothing else',
  { buffered: true },
  async (t) => {
    if (!needLab(t)) return
    const lab = await createLab()
    t.teardown(() => lab.close())
    const program = `
    const dgram = require('node:dgram')
    const net = require('node:net')
    const outcome = (address) => new Promise((resolve) => {
      dgram.createSocket('udp4').send('x', 9, address, (error) => resolve(error?.code ?? 'sent'))
    })
    const server = net.createServer().listen(0, '::1', async () => {
      const v6 = await new Promise((resolve) => {
        const socket = net.connect(server.address().port, '::1', () => {
          socket.destroy()
          resolve('connected')
        })
      })
      console.log(v6, await outcome('203.0.113.1'), await outcome('198.51.100.3'))
      process.exit()
    })
  `
    const { stdout } = await lab.run('client', [node, '-e', program], { env })
    t.equal(stdout, 'connected ENETUNREACH sent\n')
    const links = await lab.run('server', ['ip', '-o', 'link'])
    t.strictSame(links.stdout.match(/^\d+: \w+/gm), ['1: lo', '2: s0'])
  },
)

t.test('run reports output, exit code, signal and timeout', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await createLab()
  t.teardown(() => lab.close())
  const sh = (script: string, options = {}) => lab.run('client', ['sh', '-c', script], options)
  const cases = [
    [
      await sh('cat; pwd; echo "$WHO" >&2; exit 3', {
        input: 'in\n',
        cwd: '/',
        env: { WHO: 'me' },
      }),
      { code: 3, signal: null, stdout: 'in\n/\n', stderr: 'me\n', timedOut: false },
    ],
    [await sh('kill -USR1 $$'), { code: null, signal: 'SIGUSR1', timedOut: false }],
    [
      await sh('trap "" TERM; echo on; sleep 100 & sleep 100', { timeoutMs: 1000 }),
      { code: null, signal: 'SIGKILL', stdout: 'on\n', timedOut: true },
    ],
    [await lab.run('nat', ['no-such-command']), { code: 127, signal: null }],
    [await sh('pwd', { cwd: '/no-such-folder' }), { code: 2 }],
  ] as const
  for (const [result, expected] of cases) t.match(result, expected)
})

t.test('kill reaches the command, which may handle the signal', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await createLab()
  t.teardown(() => lab.close())
  const script = 'trap "exit 9" TERM; echo on; while :; do sleep 0.1; done'
  const child = lab.spawn('client', ['sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = new Promise((resolve) => child.on('exit', (...how) => resolve(how)))
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  t.equal(child.kill(), true)
  t.equal(child.killed, true)
  t.strictSame(await exit, [9, null])
  t.equal(child.kill(), false, 'it is gone')
})

t.test('options are checked', { buffered: true }, async (t) => {
  for (const limitSeconds of [0, -1, 2.5, Number.NaN, 1e9]) {
    await t.rejects(createLab({ limitSeconds }), {
      name: 'RangeError',
      message: `The option limitSeconds is ${limitSeconds}, and has to be a whole number from 1 to 86400.`,
    })
  }
  await t.rejects(createLab({ expiry: 'later' as 'drop' }), {
    message: 'The option expiry is "later", and has to be "reset" or "drop".',
  })
})
