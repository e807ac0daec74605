import { join } from 'node:path'
import t from 'tap'
import { type BehindOptions, runBehind } from '../../src/lab/behind'
import { planOf } from '../../src/lab/plan'
import { resultOf, sentenceOf } from '../../src/lab/verdict-line'
import { needLab } from './need-lab'

// What the lab counts, against programs of which it is known what becomes of them.
t.jobs = 3

const port = 7000
const server = `
  require('node:net').createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => setTimeout(() => socket.write('answer'), Number(data)))
  }).listen(${port})`

/** One connection for each pair of numbers: keepalive delay, and milliseconds until the answer. */
const client = `
  const net = require('node:net')
  for (const pair of process.argv.slice(1)) {
    const [delay, answer] = pair.split(':')
    const socket = net.connect(${port}, process.env.LAB_SERVER, () => {
      if (answer !== '') socket.write(answer)
    })
    if (delay !== '0') socket.setKeepAlive(true, Number(delay))
    socket.on('error', ({ code }) => console.log(pair, code))
    socket.on('data', (data) => { console.log(pair, String(data)); socket.destroy() })
  }
  setTimeout(() => process.exit(), Number(process.env.LAST_MS))`

function behind(pairs: readonly string[], lastMs: number, options: BehindOptions) {
  const serve = [`exec ${process.execPath} -e "$PROGRAM"`]
  const env = { PATH: process.env.PATH ?? '', PROGRAM: server, LAST_MS: String(lastMs) }
  const argv = [process.execPath, '-e', client, ...pairs]
  return runBehind(argv, { limitMs: 3_000, env, serve, timeoutMs: 40_000, ...options })
}

const linesOf = (text: string) => text.split('\n').filter(Boolean).sort()

if (needLab(t)) {
  for (const expiry of ['reset', 'drop'] as const) {
    t.test(`what dies is counted, and what only is closed is not (${expiry})`, async (t) => {
      const pairs = ['0:7000', '0:7001', '1000:7002', '0:', '0:100']
      const { died, requestsLost, closedLate, stdout, code } = await behind(pairs, 9_500, {
        expiry,
      })
      t.strictSame(linesOf(stdout), ['0:100 answer', '1000:7002 answer'])
      t.strictSame(
        { code, died, requestsLost, closedLate },
        { code: 0, died: 2, requestsLost: 2, closedLate: 1 },
      )
    })
  }

  t.test('where probes are lost, the kernel gives up what would have lived', async (t) => {
    const options = { limitMs: 60_000, probesEatenAfter: 0 }
    // Node 20 gives up after ten probes, a second apart.
    const pairs = ['1000:16000', '0:16001', '1000:300']
    const eaten = await behind(pairs, 20_000, options)
    t.strictSame(linesOf(eaten.stdout), [
      '0:16001 answer',
      '1000:16000 ETIMEDOUT',
      '1000:300 answer',
    ])
    t.match(eaten, { died: 1, gaveUp: 1, requestsLost: 0 })
  })

  t.test('the first probes of a connection can be spared', async (t) => {
    const options = { limitMs: 60_000, probesEatenAfter: 30 }
    const { stdout, died } = await behind(['1000:16000'], 20_000, options)
    t.strictSame([stdout, died], ['1000:16000 answer\n', 0])
  })

  t.test('a freeze stops the command and its children, and nothing is left stopped', async (t) => {
    const program = `let last = Date.now(); let longest = 0
      const timer = setInterval(() => { longest = Math.max(longest, Date.now() - last); last = Date.now() }, 50)
      setTimeout(() => { clearInterval(timer); console.log(longest) }, 6000)`
    const argv = ['sh', '-c', '"$0" -e "$1"; true', process.execPath, program]
    const said: string[] = []
    const { stdout, code } = await runBehind(argv, {
      // A minute of the path is a second here.
      limitMs: 300_000,
      scale: 60,
      freezes: [{ atMs: 120_000, forMs: 150_000 }],
      env: { PATH: process.env.PATH ?? '' },
      say: (sentence) => said.push(sentence),
    })
    t.equal(code, 0)
    t.ok(Number(stdout) > 2_000, `${stdout.trim()} ms`)
    t.strictSame(said, ['The freeze begins.', 'The freeze is over.'])
  })

  t.test('a command that is killed in a freeze is gone', async (t) => {
    const { timedOut, signal } = await runBehind(['sleep', '100'], {
      freezes: [{ atMs: 500, forMs: 60_000 }],
      timeoutMs: 2_000,
    })
    t.strictSame([timedOut, signal], [true, 'SIGKILL'])
  })

  t.test('the hook is there, or not, whatever NODE_OPTIONS says', async (t) => {
    const script = `const { installed } = require(${JSON.stringify(join(__dirname, '../../dist/hook/installed.js'))})
      const { LAB_LIMIT, LAB_SCALE, NAT_KEEPALIVE_LIMIT } = process.env
      console.log(installed() !== undefined, LAB_LIMIT, LAB_SCALE, NAT_KEEPALIVE_LIMIT)`
    const register = join(__dirname, '../../register.js')
    const table = [
      ['with', '', 'true'],
      ['with', `--require=${register}`, 'true'],
      ['without', `--require=${register}`, 'false'],
      ['as it is', `--require=${register}`, 'true'],
      ['as it is', '', 'false'],
    ] as const
    for (const [hook, NODE_OPTIONS, expected] of table) {
      const { stdout } = await runBehind(withEnvKept(script), {
        like: 'aws-nat-gateway',
        scale: 70,
        hook,
        env: { PATH: process.env.PATH ?? '', NODE_OPTIONS },
      })
      t.equal(stdout, `${expected} 5 70 5s\n`, `${hook}, ${NODE_OPTIONS}`)
    }
  })
}

/** The test runner puts options of its own into NODE_OPTIONS of what it spawns, but not of its children's. */
function withEnvKept(script: string): string[] {
  return [process.execPath, '-e', script]
}

t.test('a path is what its middlebox is, in scaled time', (t) => {
  const { like: _, ...plain } = { like: '', limitSeconds: 5, expiry: 'reset', scale: 1 }
  t.match(planOf({}), plain)
  t.match(planOf({ like: 'aws-nat-gateway' }), { limitSeconds: 350, expiry: 'reset' })
  t.match(planOf({ like: 'azure-load-balancer', scale: 60 }), { limitSeconds: 4, expiry: 'drop' })
  t.match(planOf({ like: 'aws-nat-gateway', expiry: 'drop', limitMs: 700_000, scale: 70 }), {
    limitSeconds: 10,
    expiry: 'drop',
  })
  t.match(planOf({ scale: 2, outages: [{ atMs: 4_000, forMs: 1_000 }], flushesAtMs: [8] }), {
    limitSeconds: 3,
    outages: [{ atMs: 2_000, forMs: 500 }],
    flushesAtMs: [4],
  })
  t.end()
})

t.test('the result in a sentence', (t) => {
  const of = (died: number, requestsLost: number, closedLate = 0) => ({
    died,
    requestsLost,
    closedLate,
    gaveUp: 0,
  })
  t.equal(
    sentenceOf(of(3, 2), of(0, 0)),
    '3 connections died, 2 requests were lost; with the hook none.',
  )
  t.equal(sentenceOf(of(1, 0), null), '1 connection died.')
  t.equal(
    sentenceOf(of(0, 0, 1), null),
    'No connections died (1 more was forgotten by the NAT before being closed).',
  )
  t.equal(
    sentenceOf(of(3, 1), of(1, 1)),
    '3 connections died, 1 request was lost; with the hook 1 connection died, 1 request was lost.',
  )
  t.equal(sentenceOf(of(0, 0), of(0, 0)), 'No connections died; with the hook none.')
  const ending = { ...of(1, 1), code: 0, signal: null, timedOut: false, stdout: '', stderr: '' }
  t.match(resultOf(planOf({}), ending, null), { schema: 1, result: { died: 1 } })
  t.match(resultOf(planOf({}), ending, { ...ending, died: 0 }), {
    without: { died: 1 },
    with: { died: 0 },
  })
  t.end()
})
