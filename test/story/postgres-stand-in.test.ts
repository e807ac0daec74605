import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import t from 'tap'
import { ensurePackages } from '../packages'

// It runs only where PostgreSQL does not, so it has to show elsewhere that it would do.
t.test('pg takes the stand-in for PostgreSQL', async (t) => {
  const { Client } = createRequire(join(await ensurePackages(__dirname), 'pg'))('pg')
  const file = join(__dirname, 'servers', 'postgres-stand-in.cjs')
  const server = spawn(process.execPath, [file, '127.0.0.1'], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => server.kill())
  const [line] = await once(server.stdout, 'data')
  const port = Number(/^ready (\d+) stand-in for PostgreSQL$/m.exec(line)?.[1])

  const client = new Client({ host: '127.0.0.1', port, user: 'story', database: 'postgres' })
  await client.connect()
  t.teardown(() => client.end())
  for (const [name, query] of [
    ['a parameter', { text: 'SELECT pg_sleep($1)', values: [0.2] }],
    ['a simple query', 'SELECT pg_sleep(0.2)'],
  ] as const) {
    const startedAt = performance.now()
    const { rows } = await client.query(query)
    t.strictSame(rows, [{ pg_sleep: '' }], `${name}: as PostgreSQL answers`)
    t.ok(performance.now() - startedAt > 190, `${name}: after so many seconds`)
  }
  const order: number[] = []
  const ask = (seconds: number) =>
    client.query('SELECT pg_sleep($1)', [seconds]).then(() => order.push(seconds))
  await Promise.all([ask(0.2), ask(0)])
  t.strictSame(order, [0.2, 0], 'one after the other')
})
