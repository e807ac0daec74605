import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createLab } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { lookAt } from '../oracle/asked-process'
import { register, withEnv } from '../run-node'
import { packages, serve, startClient } from './start-client'

/** What the kernel has on the connection of a client, when the hook has had its looks. */
const table = [
  { client: 'zeromq', env: {}, expected: { on: true, idle: 45, interval: 15, count: 24 } },
  {
    client: 'zeromq',
    env: { KEEPALIVE: '1', KEEPALIVE_IDLE: '30' },
    expected: { on: true, idle: 30, interval: 75, count: 9 },
  },
  { client: 'valkey', env: {}, expected: { on: true, idle: 45, interval: 15, count: 24 } },
  { client: 'cares', server: 'dns', env: {}, expected: { on: true, idle: 45 } },
] as const

for (const { client, env, expected, ...rest } of table) {
  t.test(`${client} ${JSON.stringify(env)} gets what it lacks, in place`, async (t) => {
    const port = await serve(t, 'server' in rest ? rest.server : client)
    const asked = await startClient(t, client, {
      env: { TARGET_PORT: port, NAT_KEEPALIVE_AUDIT: '300ms', ...env },
    })
    await asked.line()
    for (let looks = 0; looks < 200; looks++) {
      const { options } = await lookAt(asked, Number(port))
      if (options.every(({ on, idle }) => on && idle <= 45)) break
      await sleep(100)
    }
    const { options, report } = await lookAt(asked, Number(port))
    t.ok(options.length > 0)
    for (const one of options) t.match(one, expected)
    for (const { verdict } of report.foreign ?? []) t.equal(verdict, 'safe')
    t.equal(asked.said.stderr, '', 'and nothing is told')
  })
}

for (const client of ['zeromq', 'valkey']) {
  t.test(`${client} waits through a NAT for longer than that remembers`, async (t) => {
    if (!needLab(t)) return
    for (const [hook, answered] of [
      [[], false],
      [['-r', register], true],
    ] as const) {
      const lab = await createLab({ limitSeconds: 6, expiry: 'drop' })
      t.teardown(() => lab.close())
      const env = { NODE_PATH: await packages, HOST: lab.serverAddress, ANSWER_MS: '14000' }
      const program = (kind: string) => join(__dirname, kind, `${client}.cjs`)
      const start = (
        where: 'client' | 'server',
        variables: Record<string, string>,
        args: string[],
      ) =>
        lab.spawn(where, withEnv(variables, [process.execPath, ...args]), {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
      const server = start('server', env, [program('servers')])
      const [line] = await once(server.stdout as NodeJS.ReadableStream, 'data')
      const port = /^ready (\d+) /.exec(String(line))?.[1] ?? ''
      const running = start(
        'client',
        {
          ...env,
          TARGET_HOST: lab.serverAddress,
          TARGET_PORT: port,
          NAT_KEEPALIVE_LIMIT: '6s',
          NAT_KEEPALIVE_AUDIT: '300ms',
          NAT_KEEPALIVE_SYSCTL: 'off',
        },
        [...hook, program('clients')],
      )
      const lines: string[] = []
      createInterface({ input: running.stdout as NodeJS.ReadableStream }).on('line', (text) => {
        lines.push(text)
      })
      for (let waited = 0; waited < 200 && !lines.includes('answered'); waited++) {
        if (!answered && waited === 100) break
        await sleep(200)
      }
      t.equal(lines.includes('answered'), answered, answered ? 'with the hook' : 'without it')
      await lab.close()
    }
  })
}
