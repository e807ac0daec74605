import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { createLab } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { root, withEnv } from '../run-node'

const programs = join(root, 'test/native-part/programs')

interface Seen {
  name: string
  error: string | null
  /** Probes that were answered. */
  answered: number
  lastAnswerAt: number
  lastDataReceivedMs: number
  segmentsOut: number
  endedAt: number
}

interface Outcome {
  switchedOn: { answeredAfterMs: number; silenceMs: number }
  before: Seen[]
  after: Seen[]
}

/** Cuts the path of silent connections, and returns what became of them. */
async function watch(): Promise<Outcome> {
  const lab = await createLab({ limitSeconds: 3_600 })
  try {
    const start = (where: 'client' | 'server', name: string, ...args: string[]) =>
      lab.spawn(where, withEnv({}, [process.execPath, join(programs, name), ...args]), {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
    const server = start('server', 'hold.cjs')
    await once(server.stdout as NodeJS.ReadableStream, 'data')
    const client = start('client', 'top-up.cjs', lab.serverAddress)
    const lines = createInterface({ input: client.stdout as NodeJS.ReadableStream })
    let said = ''
    for await (const line of lines) {
      if (line === 'ready') {
        await lab.outage(true)
        client.stdin?.write('cut\n')
      } else said += line
    }
    return JSON.parse(said) as Outcome
  } finally {
    await lab.close()
  }
}

t.test(
  'to set a schedule again brings no probe forward and no connection nearer to its end',
  async (t) => {
    if (!needLab(t)) return
    const { switchedOn, before, after } = await watch()
    const by = (name: string, list = after) => list.find((seen) => seen.name === name) as Seen
    const alone = by('left alone')
    const lifeMs = (name: string) => by(name).endedAt - by(name).lastAnswerAt
    for (const { name, answered, lastDataReceivedMs } of before) {
      t.ok(answered >= 2, `${name}: ${answered} probes were answered`)
      t.ok(
        lastDataReceivedMs >= 5_000,
        `${name}: which are no data, of which the last is ${lastDataReceivedMs} ms ago`,
      )
    }
    for (const { name, error } of after)
      t.equal(error, 'ETIMEDOUT', `${name}: keepalive gave it up`)
    t.comment(after.map(({ name }) => `${name}: ${Math.round(lifeMs(name))} ms`).join(', '))

    for (const name of ['topped up', 'topped up in part']) {
      const [more, fewer] = [by(name, before).answered, by('left alone', before).answered]
      t.ok(Math.abs(more - fewer) <= 1, `${name}: ${more} probes and ${fewer}`)
      const probes = by(name).segmentsOut - alone.segmentsOut
      t.ok(Math.abs(probes) <= 1, `${name}: ${probes} segments more`)
      t.ok(lifeMs(name) > lifeMs('left alone') - 1_000, `${name}: it lives as long`)
    }
    t.ok(lifeMs('more probes') > lifeMs('left alone') + 2_000, 'more probes: it lives longer')
    t.ok(lifeMs('set again') < lifeMs('left alone') - 2_000, 'set again: it does not live as long')

    const { answeredAfterMs, silenceMs } = switchedOn
    t.ok(silenceMs >= 5_500, `after ${silenceMs} ms of silence`)
    t.ok(answeredAfterMs < 2_500, `a probe is answered ${answeredAfterMs} ms after keepalive came`)
  },
)
