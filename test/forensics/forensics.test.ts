import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Expiry, type Lab } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { ensurePackages } from '../packages'
import {
  AUDIT_MS,
  type Ran,
  run,
  runBoth,
  serve,
  type Told,
  timeOf,
  unprotected,
  when,
  withCode,
} from './run-in-lab'

/** The event loop of a busy machine may be that late. */
const LATE_MS = 1_500

const story = join(__dirname, '..', 'story')

if (needLab(t)) {
  // All of it is waiting.
  t.jobs = 6

  t.test('the NAT answers with a reset', { buffered: true }, async (t) => {
    const limitSeconds = 3
    const lab = await open(t, limitSeconds, 'reset')
    const NODE_PATH = await ensurePackages(story)
    const [net, https, http, postgres] = await Promise.all([
      serve(lab, '../story/servers/net.cjs'),
      serve(lab, '../story/servers/https.cjs'),
      serve(lab, 'servers/http.cjs'),
      serve(lab, '../story/servers/postgres.cjs'),
    ])
    const IDLE_MS = String(limitSeconds * 2_000 + 1_000)
    const cases = [
      { program: 'net-pooled', port: net.port, died: /^socket error$/ },
      { program: 'agent-pool', PROTOCOL: 'https', port: https.port, died: /^request error$/ },
      { program: 'agent-pool', PROTOCOL: 'http', port: http.port, died: /^request error$/ },
      { program: 'pg', port: postgres.port, died: /^query rejected$/ },
    ]
    await Promise.all(
      cases.map(async ({ program, port, died, ...more }) => {
        const name = [program, more.PROTOCOL].filter(Boolean).join(', ')
        const settings = { TARGET_PORT: port, IDLE_MS, NODE_PATH, ...more } as Record<
          string,
          string
        >
        const hooked = await runBoth(t, lab, program, settings, unprotected(lab))
        const [death, ...others] = withCode(hooked, 'NKA301')
        t.strictSame(others, [], `${name}: one line`)
        t.match(death, {
          destination: `${lab.serverAddress}:${port}`,
          count: 1,
          end: 'reset',
          error: 'ECONNRESET',
          protected: false,
          schedule: null,
          limitMs: limitSeconds * 1_000,
          fits: [{ limitMs: limitSeconds * 1_000 }],
          sent: true,
          message: /was reset \(ECONNRESET\) after .* idle, which fits an idle limit of 3s/,
        })
        // Idleness is known to a look of the auditor.
        checkIdle(t, death, Number(IDLE_MS), name)
        t.match(death?.message, /take that out of NAT_KEEPALIVE_EXCLUDE/)
        checkPlace(t, death, program, name)
        checkPromptness(t, death, when(hooked, died), name)
        t.strictSame(
          death?.request ?? null,
          program === 'agent-pool' ? { method: 'POST', host: lab.serverAddress, path: null } : null,
          `${name}: the request that was waiting`,
        )
        t.notMatch(hooked.stderr, 'secret', `${name}: nothing secret`)
        t.match(withCode(hooked, 'NKA202').length, 1, `${name}: it was warned of before`)
      }),
    )
  })

  t.test(
    'several deaths at once to one destination are one line',
    { buffered: true },
    async (t) => {
      const lab = await open(t, 3, 'reset')
      const { port } = await serve(lab, '../story/servers/net.cjs')
      const settings = { TARGET_PORT: port, IDLE_MS: '7000', CONNECTIONS: '20' }
      const hooked = await runBoth(t, lab, 'net-pooled', settings, unprotected(lab))
      const deaths = withCode(hooked, 'NKA301')
      t.match(deaths, [{ count: 20, end: 'reset', message: /^20 connections to .* were reset/ }])
      t.equal(hooked.lost.length, 20, 'the channel has each of them')
    },
  )

  t.test('with the hook none of them dies', { buffered: true }, async (t) => {
    const lab = await open(t, 3, 'reset')
    const { port } = await serve(lab, 'servers/http.cjs')
    const settings = { TARGET_PORT: port, IDLE_MS: '7000', PROTOCOL: 'http' }
    const { told, events } = await run(lab, 'agent-pool', settings, {})
    t.notOk(events.some(({ event }) => event.endsWith('error')))
    t.strictSame(
      told.filter(({ code }) => code !== 'NKA201'),
      [],
    )
  })

  t.test('the NAT drops, and nothing is ever received', { buffered: true }, async (t) => {
    const limitSeconds = 5
    const lab = await open(t, limitSeconds, 'drop')
    const [https, http] = await Promise.all([
      serve(lab, '../story/servers/https.cjs'),
      serve(lab, 'servers/http.cjs'),
    ])
    const GIVE_UP_MS = '12000'
    // A timer of the program's is a symptom of this; what it ends for a reason of its own is not.
    const cases = [
      { HOW: 'req.destroy', port: https.port, method: 'GET', end: 'given-up' },
      { HOW: 'req.destroy with an error', port: http.port, method: 'GET', end: 'aborted' },
      { HOW: 'socket.setTimeout', port: https.port, method: 'GET', end: 'given-up' },
      { HOW: 'AbortController with http', port: http.port, method: 'GET', end: 'aborted' },
      { HOW: 'AbortController with fetch', port: http.port, method: 'PUT', end: 'aborted' },
      { HOW: 'AbortSignal.timeout with http', port: http.port, method: 'GET', end: 'given-up' },
      { HOW: 'AbortSignal.timeout with fetch', port: http.port, method: 'PUT', end: 'given-up' },
    ]
    await Promise.all(
      cases.map(async ({ HOW, port, method, end }) => {
        const settings = { TARGET_PORT: port, GIVE_UP_MS, HOW }
        const hooked = await runBoth(t, lab, 'waits', settings, unprotected(lab))
        const request = { method, host: lab.serverAddress, path: null }
        const asked = when(hooked, /^asks$/)
        const died = when(hooked, /(close|rejected)$/)

        const [warning, ...more] = withCode(hooked, 'NKA202')
        t.strictSame(more, [], `${HOW}: one warning`)
        t.match(warning, { request, count: 1, verdicts: { 'at-risk': 1 } }, `${HOW}: at risk`)
        const inWords = `${method} ${lab.serverAddress}`
        t.match(warning?.message, `A request waits on it: ${inWords}.`, HOW)
        t.ok(timeOf(warning) < died, `${HOW}: warned before it is lost`)
        const before = asked + limitSeconds * 1_000 + LATE_MS
        t.ok(
          timeOf(warning) < before,
          `${HOW}: warned ${timeOf(warning) - asked} ms after it asked`,
        )

        t.match(hooked.lost, [{ end, request, waits: true }], HOW)
        t.notMatch(hooked.stderr, 'secret', `${HOW}: nothing secret`)
        const [death, ...others] = withCode(hooked, 'NKA301')
        t.strictSame(others, [], `${HOW}: one death`)
        if (end === 'aborted') {
          t.equal(death, undefined, `${HOW}: nobody is blamed`)
          return
        }
        t.match(death, {
          end,
          request,
          protected: false,
          fits: [{ limitMs: limitSeconds * 1_000 }],
        })
        t.match(death?.message, `The request ${inWords} was waiting for its answer.`, HOW)
        t.match(death?.message, /given up by the program itself .* without an answer\./, HOW)
        t.match(death?.message, 'Whether the answer was lost is not known', HOW)
        checkIdle(t, death, Number(GIVE_UP_MS), HOW)
        // Undici connects in a turn of the event loop in which the program has no frame.
        if (!HOW.endsWith('fetch')) checkPlace(t, death, 'waits', HOW)
        checkPromptness(t, death, died, HOW)
      }),
    )
  })

  t.test(
    'idle time is counted before a use that nothing answers',
    { buffered: true },
    async (t) => {
      const limitSeconds = 5
      const lab = await open(t, limitSeconds, 'drop')
      const [http, net] = await Promise.all([
        serve(lab, 'servers/http.cjs'),
        serve(lab, '../story/servers/net.cjs'),
      ])
      // The kernel gives up after some seconds instead of a quarter of an hour.
      await lab.run('client', ['sh', '-c', 'echo 3 > /proc/sys/net/ipv4/tcp_retries2'])
      const IDLE_MS = '11000'
      const pool = { TARGET_PORT: http.port, IDLE_MS, GIVE_UP_MS: '2500', PROTOCOL: 'http' }
      const [pooled, kernel] = await Promise.all([
        runBoth(t, lab, 'agent-pool', pool, unprotected(lab)),
        runBoth(t, lab, 'net-pooled', { TARGET_PORT: net.port, IDLE_MS }, unprotected(lab)),
      ])
      const fits = [{ limitMs: limitSeconds * 1_000 }]
      const request = { method: 'POST', host: lab.serverAddress, path: null }
      const sooner = 'a request that times out sooner than the limit'
      t.match(withCode(pooled, 'NKA301'), [{ end: 'given-up', fits, request }], sooner)
      checkIdle(t, withCode(pooled, 'NKA301')[0], Number(IDLE_MS), sooner)
      const givenUp = 'a write on which the kernel gives up'
      t.match(withCode(kernel, 'NKA301'), [{ end: 'timed-out', error: 'ETIMEDOUT', fits }], givenUp)
      checkIdle(t, withCode(kernel, 'NKA301')[0], Number(IDLE_MS), givenUp)
    },
  )

  t.test(
    'what does not fit a limit is not blamed on a middlebox',
    { buffered: true },
    async (t) => {
      // This gateway forgets nothing, so what the peer does arrives, also without the hook.
      const lab = await open(t, 600, 'reset')
      const { port } = await serve(lab, 'servers/ends.cjs')
      const restarted = await serve(lab, 'servers/ends.cjs')
      const hook = { NAT_KEEPALIVE_LIMIT: '5s' }
      const bare = { ...hook, ...unprotected(lab) }
      const perform = (QUESTION: string, env: Record<string, string>, TARGET_PORT = port) =>
        runBoth(t, lab, 'peer-ends', { TARGET_PORT, QUESTION }, env)
      const writes = { TARGET_PORT: port, QUESTION: 'reset-later 8000', IDLE_MS: '7000' }
      const [early, late, killed, control, busy] = await Promise.all([
        perform('reset 2000', bare),
        perform('reset 11000', hook),
        perform('end 600000', hook, restarted.port),
        perform('reset 11000', bare),
        runBoth(t, lab, 'only-writes', writes, bare),
        sleep(11_000).then(() => restarted.child.kill('SIGKILL')),
      ])
      t.strictSame(
        reasons(early),
        { findings: [], codes: ['ECONNRESET'] },
        'a reset after 2 s idle',
      )
      t.strictSame(reasons(late), { findings: [], codes: ['ECONNRESET'] }, 'a reset by the peer')
      t.strictSame(reasons(killed), { findings: [], codes: [] }, 'a peer that was killed')
      t.strictSame(
        reasons(control),
        { findings: ['reset'], codes: ['ECONNRESET'] },
        'without protection',
      )
      const survived = 'a reset long after a use that it survived'
      t.strictSame(reasons(busy).findings, [], survived)
    },
  )

  t.test('a death some time after the last write is not missed', { buffered: true }, async (t) => {
    const lab = await open(t, 600, 'reset')
    const { port } = await serve(lab, 'servers/ends.cjs')
    const settings = { TARGET_PORT: port, QUESTION: 'reset-later 300', IDLE_MS: '7000' }
    const hook = { NAT_KEEPALIVE_LIMIT: '3s', ...unprotected(lab) }
    const { lost } = await run(lab, 'written-to', settings, hook)
    t.equal(lost.length, 6, 'a look of the auditor lies between some of the writes and the reset')
    for (const { minIdleMs, maxIdleMs } of lost) {
      t.ok(maxIdleMs >= 7_000 - AUDIT_MS - LATE_MS, `idle for ${minIdleMs} to ${maxIdleMs} ms`)
    }
  })

  t.test('an outage that probes notice is not blamed on layer 4', { buffered: true }, async (t) => {
    const lab = await open(t, 5, 'reset')
    const { port } = await serve(lab, 'servers/ends.cjs')
    const settings = { TARGET_PORT: port, QUESTION: 'end 600000' }
    const running = run(lab, 'peer-ends', settings, {
      NAT_KEEPALIVE_DELAY: '1s',
      NAT_KEEPALIVE_INTERVAL: '1s',
      NAT_KEEPALIVE_PROBES: '4',
    })
    running.catch(() => {})
    await sleep(3_000)
    await lab.outage(true)
    const hooked = await running
    t.match(hooked.lost, [{ code: 'ETIMEDOUT', end: 'timed-out', decision: { action: 'protect' } }])
    t.strictSame(withCode(hooked, 'NKA301'), [])
    t.ok(hooked.lost[0]?.maxIdleMs > 5_000, 'though it was idle for longer than the limit')
  })
}

async function open(t: Test, limitSeconds: number, expiry: Expiry): Promise<Lab> {
  const lab = await createLab({ limitSeconds, expiry })
  t.teardown(() => lab.close())
  return lab
}

function reasons(ran: Ran) {
  return {
    findings: withCode(ran, 'NKA301').map(({ end }) => end),
    codes: ran.lost.map(({ code }) => code),
  }
}

/** Idle times are known to one look of the auditor, and between two bounds that hold the truth. */
function checkIdle(t: Test, death: Told | undefined, realMs: number, name: string): void {
  const minIdleMs: number = death?.minIdleMs
  const idleMs: number = death?.idleMs
  const text = `${name}: idle for ${minIdleMs} to ${idleMs} ms, in truth ${realMs}`
  t.ok(minIdleMs <= realMs + LATE_MS && idleMs >= realMs - AUDIT_MS - LATE_MS, text)
}

function checkPlace(t: Test, death: Told | undefined, program: string, name: string): void {
  t.match(death?.opener.place, new RegExp(`programs/${program}\\.cjs:\\d+$`), `${name}: the place`)
}

/** NKA301 comes within a look of the auditor. */
function checkPromptness(t: Test, death: Told | undefined, diedAt: number, name: string): void {
  const afterMs = timeOf(death) - diedAt
  t.ok(afterMs <= AUDIT_MS + LATE_MS, `${name}: told ${afterMs} ms after its death`)
}
