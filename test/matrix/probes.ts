import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { register, withEnv } from '../run-node'
import { setsProbes } from '../ways-expected'
import { type Binary, ensureBinaries } from './binaries'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.
// Paths that swallow keepalive probes, as the AWS Global Accelerator does: an answer that takes longer
// than the kernel would bear with Node's own 10 probes, 1 s apart.

const DELAY_SECONDS = 2
/** The first probe, ten more that Node alone would send, and some. */
const ANSWER_SECONDS = 2.5 * DELAY_SECONDS + 10
const COMMON = { NAT_KEEPALIVE_DELAY: `${DELAY_SECONDS}s`, NAT_KEEPALIVE_SYSCTL: 'off' }

const program = (name: string) => join(__dirname, 'programs', `${name}.cjs`)

interface Way {
  readonly name: string
  readonly client: 'net' | 'https'
  /** Null: without the hook. */
  readonly env: Record<string, string> | null
  readonly expected: string
}

function waysOf({ version }: Binary): Way[] {
  const ways: Way[] = [
    { name: 'net', client: 'net', env: {}, expected: 'answered' },
    { name: 'https agent', client: 'https', env: {}, expected: 'answered' },
    { name: 'net, no hook', client: 'net', env: null, expected: 'answered' },
    // Its own keepalive, 1 s and 10 probes, kills what would have lived.
    { name: 'https agent, no hook', client: 'https', env: null, expected: 'ETIMEDOUT' },
  ]
  const off = { NAT_KEEPALIVE_NATIVE: 'off' }
  const bare: Way = { name: 'net, no native part', client: 'net', env: off, expected: 'ETIMEDOUT' }
  return setsProbes(version) ? ways : [...ways, bare]
}

async function ask(lab: Lab, port: string, { node }: Binary, { client, env }: Way) {
  const hook = env === null ? [] : ['-r', register]
  const { stdout, stderr } = await lab.run(
    'client',
    withEnv({ ...COMMON, ...env, TARGET: lab.serverAddress, PORT: port, CLIENT: client }, [
      node,
      ...hook,
      program('patient-client'),
    ]),
    { timeoutMs: 120_000 },
  )
  return { said: stdout.trim(), stderr }
}

t.test('paths that swallow probes, by Node', async (t) => {
  if (!needLab(t)) return
  const all = await ensureBinaries()
  const major = ({ version }: Binary) => Number.parseInt(version, 10)
  const newest = all.filter(
    (one, at) => major(all[at + 1] ?? one) > major(one) || at + 1 === all.length,
  )
  for (const passing of [0, 3]) {
    const lab = await createLab({ limitSeconds: 600, expiry: 'drop' })
    t.teardown(() => lab.close())
    const serving = [process.execPath, program('patient-server'), lab.serverAddress]
    const argv = withEnv({ ANSWER_MS: String(ANSWER_SECONDS * 1_000) }, serving)
    const server = lab.spawn('server', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(server.stdout as NodeJS.ReadableStream, 'data')
    const ports = JSON.parse(String(line)) as Record<Way['client'], number>
    await lab.eatProbes(passing)
    const runs = newest.flatMap((binary) => waysOf(binary).map((way) => ({ binary, way })))
    await Promise.all(
      runs.map(async ({ binary, way }) => {
        const { said, stderr } = await ask(lab, String(ports[way.client]), binary, way)
        const name = `Node ${binary.version}, ${way.name}, ${passing} probes pass`
        t.equal(said, way.expected, `${name}: ${said} ${stderr}`)
        process.stderr.write(`probes, ${name}: ${said}\n`)
      }),
    )
  }
})
