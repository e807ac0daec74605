import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import type { AuditDocument } from '../../src/outside/audit-document'
import type { ReportedSocket } from '../../src/report/report'
import { register, root, withEnv } from '../run-node'
import { needLab } from './need-lab'

t.jobs = 3

const bin = join(root, 'dist', 'bin.js')
const port = '7000'

/** The kernel's own schedule, which every Node leaves alone in kernel mode: given up after a minute. */
interface Times {
  readonly delay: number
  readonly interval: number
  readonly probes: number
}

const env = {
  NAT_KEEPALIVE_MODE: 'kernel',
  NAT_KEEPALIVE_LIMIT: '30s',
  NAT_KEEPALIVE_AUDIT: '500ms',
  NAT_KEEPALIVE_SYSCTL: 'off',
  NAT_KEEPALIVE_FORMAT: 'json',
}

async function open(t: Test, { delay, interval, probes }: Times): Promise<Lab> {
  const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
  t.teardown(() => lab.close())
  const set = `cd /proc/sys/net/ipv4
    echo ${delay} > tcp_keepalive_time
    echo ${interval} > tcp_keepalive_intvl
    echo ${probes} > tcp_keepalive_probes`
  const { code, stderr } = await lab.run('client', ['sh', '-c', set])
  if (code !== 0) throw new Error(stderr)
  const program = `require('node:net').createServer((s) => s.on('error', () => {}).resume())
    .listen(${port}, '${lab.serverAddress}', () => console.log('listening'))`
  const server = start(lab, 'server', ['-e', program])
  await once(server.stdout as NodeJS.ReadableStream, 'data')
  return lab
}

function start(
  lab: Lab,
  where: 'client' | 'server',
  args: readonly string[],
  variables: Record<string, string> = {},
): ChildProcess {
  const argv = withEnv(variables, [process.execPath, ...args])
  return lab.spawn(where, argv, { stdio: ['pipe', 'pipe', 'pipe'] })
}

/** The lines of JSON that a program prints, from now on. */
async function* linesOf(child: ChildProcess, stream: 'stdout' | 'stderr') {
  const input = child[stream] as NodeJS.ReadableStream
  for await (const line of createInterface({ input })) yield JSON.parse(line)
}

/** A connection under the hook, which is reported every half second; writes what it is given. */
function client(lab: Lab, variables: Record<string, string> = {}) {
  const program = `
    const { report } = require(${JSON.stringify(root)})
    const socket = require('node:net').connect(${port}, '${lab.serverAddress}', () => {
      setInterval(() => {
        const [one] = report().sockets
        if (one !== undefined) console.log(JSON.stringify({ pid: process.pid, ...one }))
      }, 500)
    })
    socket.on('error', ({ code }) => { console.log(JSON.stringify({ code })); process.exit() })
    process.stdin.on('data', (data) => socket.write(data))`
  const child = start(lab, 'client', ['-r', register, '-e', program], { ...env, ...variables })
  const lines = linesOf(child, 'stdout')
  return {
    child,
    /** The first report from now on of which this is true. */
    async until(is: (socket: ReportedSocket) => boolean) {
      for (;;) {
        const { value, done } = await lines.next()
        if (done || value.code) throw new Error(`The program ended: ${JSON.stringify(value)}`)
        if (is(value)) return value as ReportedSocket & { pid: number }
      }
    },
  }
}

const isSafe = ({ verdict, kernel }: ReportedSocket) =>
  verdict === 'safe' && kernel.unansweredProbes === 0
const isDying = ({ verdict }: ReportedSocket) => verdict === 'dying'

if (needLab(t)) {
  t.test('probes that nobody answers, until somebody does', async (t) => {
    const times = { delay: 1, interval: 2, probes: 30 }
    const lab = await open(t, times)
    const one = client(lab)
    const idle = client(lab, { NAT_KEEPALIVE_IDLE_WARN: '20s' })
    const { pid } = await one.until(isSafe)
    await idle.until(isSafe)
    const audit = () => {
      const argv = [process.execPath, bin, 'audit', '--pid', String(pid), '--json']
      return lab.run('client', withEnv({ NAT_KEEPALIVE_LIMIT: '30s' }, argv))
    }
    await lab.outage(true)
    const told = linesOf(idle.child, 'stderr').next()

    const { kernel, reason } = await one.until(isDying)
    const sent = kernel.unansweredProbes ?? Number.NaN
    const endMs =
      (kernel.nextTimerMs ?? Number.NaN) + (times.probes - sent) * times.interval * 1_000
    t.ok(sent >= 2, `${sent} probes`)
    t.equal(kernel.armed, true)
    const seconds = Math.ceil(endMs / 1_000)
    const inWords = `${Math.floor(seconds / 60) > 0 ? '1m' : ''}${seconds % 60 > 0 ? `${seconds % 60}s` : ''}`
    t.equal(
      reason,
      `${sent} probes in a row have gone unanswered; the kernel gives it up in about ${inWords}.`,
    )

    const outside = await audit()
    t.equal(outside.code, 1)
    const [found]: AuditDocument['processes'] = JSON.parse(outside.stdout).processes
    t.match(found?.sockets, [
      { verdict: 'dying', reason: /^\d+ probes .*gives it up in about \d+/ },
    ])
    t.ok((found?.sockets[0]?.kernel.unansweredProbes ?? 0) >= sent)

    const { value: warning } = await told
    t.match(warning, {
      code: 'NKA202',
      message: /, and nobody answers on it any more\. \d+ probes /,
    })
    t.notMatch(warning.message, /Nothing is lost|protects/)

    await lab.outage(false)
    await one.until(isSafe)
    t.equal((await audit()).code, 0)
  })

  t.test('data that nobody acknowledges', async (t) => {
    const lab = await open(t, { delay: 10, interval: 10, probes: 30 })
    const { child, until } = client(lab)
    await until(isSafe)
    await lab.outage(true)
    child.stdin?.write('hello')
    const { kernel, reason } = await until(isDying)
    t.match(kernel, { armed: null, nextTimerMs: null, unackedBytes: 5 })
    const when = 'when the kernel gives it up is not known'
    t.match(reason, /^5 bytes are unacknowledged although data was sent again \d+ times; /)
    t.match(reason, `times; ${when}.`)
    await lab.outage(false)
    t.equal((await until(isSafe)).kernel.unackedBytes, 0)
  })

  t.test('the interval of probes that nobody answers is not taken for a short delay', async (t) => {
    // Beyond the limit, so that no look may call it safe.
    const lab = await open(t, { delay: 9, interval: 1, probes: 120 })
    const program = `
      const socket = new (require('node:net').Socket)()
      socket.setKeepAlive(true)
      socket.connect(${port}, '${lab.serverAddress}', () => console.log(process.pid))`
    const bare = start(lab, 'client', ['-e', program])
    const [pid] = await once(bare.stdout as NodeJS.ReadableStream, 'data')
    await lab.outage(true)
    const args = [bin, 'audit', '--pid', String(pid).trim(), '--watch', '--json']
    const watching = start(lab, 'client', args, { NAT_KEEPALIVE_LIMIT: '8s' })
    const seen = new Set<string>()
    let unanswered = 0
    let answered = 0
    for await (const { processes } of linesOf(watching, 'stdout')) {
      const [socket] = (processes as AuditDocument['processes'])[0]?.sockets ?? []
      if (socket === undefined) continue
      seen.add(socket.verdict)
      const probes = socket.kernel.unansweredProbes ?? 0
      unanswered = Math.max(unanswered, probes)
      // More than the three re-arms that would be enough if they were answered.
      if (probes >= 7) await lab.outage(false)
      if (unanswered >= 7 && probes === 0 && ++answered === 5) break
    }
    watching.kill('SIGKILL')
    t.ok(unanswered >= 7, `${unanswered} probes`)
    t.equal(answered, 5, 'and looks after one that was answered')
    t.ok(seen.has('dying'), [...seen].join())
    t.notOk(seen.has('safe'), [...seen].join())
  })
}
