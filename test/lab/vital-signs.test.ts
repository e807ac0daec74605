import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import { register, withEnv } from '../run-node'
import { needLab } from './need-lab'

t.jobs = 2

/** Three intervals of one second after a delay of one: so NKA205 comes within seconds. */
const env = {
  NAT_KEEPALIVE_DELAY: '1s',
  NAT_KEEPALIVE_INTERVAL: '1s',
  NAT_KEEPALIVE_GIVE_UP: '12s',
  NAT_KEEPALIVE_AUDIT: '300ms',
  NAT_KEEPALIVE_IDLE_WARN: 'off',
  NAT_KEEPALIVE_SYSCTL: 'off',
  NAT_KEEPALIVE_FORMAT: 'json',
}

interface Told {
  readonly code: string
  readonly message: string
  readonly count?: number
  readonly witness?: string
}

/**
 * A program with one connection that stays quiet and, where `chatty`, another that gets an answer
 * each 200 ms. `told` waits for the next finding of this code.
 */
async function start(
  t: Test,
  lab: Lab,
  chatty: boolean,
  variables: Record<string, string> = {},
  quiet: 'silent' | 'asks' = 'silent',
) {
  const spawn = (where: 'client' | 'server', more: Record<string, string>, args: string[]) =>
    lab.spawn(where, withEnv(more, [process.execPath, ...args]), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const serve = `const s = require('node:net').createServer((c) => {
      c.on('error', () => {}).on('data', (d) => { if (String(d) !== 'ask') c.write(d) })
    })
    s.listen(0, '${lab.serverAddress}', () => console.log(s.address().port))`
  const server = spawn('server', {}, ['-e', serve])
  const [port] = await once(server.stdout as NodeJS.ReadableStream, 'data')
  const program = `
    const net = require('node:net')
    const open = () => net.connect(${Number(String(port))}, '${lab.serverAddress}').on('error', () => {})
    const ready = () => console.log('open')
    const socket = open().once('connect', () => {
      if ('${quiet}' === 'silent') return ready()
      setTimeout(() => socket.write('ask'), 1_000)
      setTimeout(ready, 1_500)
    })
    if (${chatty}) { const c = open(); c.resume(); setInterval(() => c.write('x'), 200) }
    setInterval(() => {}, 1000)`
  const client = spawn('client', { ...env, ...variables }, ['-r', register, '-e', program])
  t.teardown(() => lab.close())
  const seen: Told[] = []
  const waiting: (() => void)[] = []
  createInterface({ input: client.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    seen.push(JSON.parse(line))
    for (const wake of waiting.splice(0)) wake()
  })
  await once(client.stdout as NodeJS.ReadableStream, 'data')
  return {
    seen,
    async told(code: string): Promise<Told> {
      for (;;) {
        const found = seen.find((one) => one.code === code)
        if (found !== undefined) return found
        await new Promise<void>((done) => waiting.push(done))
      }
    },
  }
}

t.test('a path that is gone is NKA205 while it lasts, and NKA302 when it has lasted', async (t) => {
  if (!needLab(t)) return
  const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
  const { seen, told } = await start(t, lab, false)
  await lab.outage(true)
  const dying = await told('NKA205')
  t.match(
    dying.message,
    / is dying: \d+ keepalive probes in a row have gone unanswered, for \d+s; /,
  )
  t.match(dying.message, 'the kernel gives it up in about')
  t.equal(dying.witness, 'none')
  const death = await told('NKA302')
  t.match(
    death.message,
    / was given up by the kernel \(ETIMEDOUT\) after .*, 12 of them 1s apart\./,
  )
  t.equal(seen.filter(({ code }) => code === 'NKA205').length, 1, 'once')
})

t.test('a request that waits on a path that is gone is NKA302 too', async (t) => {
  if (!needLab(t)) return
  const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
  // Looks have seen it idle before it asked, and the question was acknowledged.
  const { told } = await start(t, lab, false, {}, 'asks')
  await lab.outage(true)
  t.match((await told('NKA302')).message, / was given up by the kernel \(ETIMEDOUT\) after /)
})

t.test('a path that swallows probes is told by a connection that gets data', async (t) => {
  if (!needLab(t)) return
  const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
  const { told } = await start(t, lab, true, { NAT_KEEPALIVE_GIVE_UP: '5m' })
  await lab.eatProbes(0)
  const dying = await told('NKA205')
  t.equal(dying.witness, 'data-answered')
  t.match(dying.message, 'the path swallows probes, or has forgotten this one.')
})

t.test('without the native part it is seen too', async (t) => {
  if (!needLab(t)) return
  const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
  const { told } = await start(t, lab, false, { NAT_KEEPALIVE_NATIVE: 'off' })
  await lab.outage(true)
  t.match((await told('NKA205')).message, 'probes in a row have gone unanswered')
})
