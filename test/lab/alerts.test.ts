import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import { temporaryFolder } from '../examples/mounts'
import { register, root, withEnv } from '../run-node'
import { needLab } from './need-lab'

// A real Prometheus scrapes the exporter and a program behind the NAT, and has the rules of the
// examples, with seconds in place of their minutes.

function needPrometheus(t: Test): boolean {
  if (spawnSync('prometheus', ['--version']).status === 0) return true
  const text = 'prometheus is missing: scripts/install-test-tools.sh installs it'
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(text)
  else t.pass(text, { skip: true })
  return false
}

const server = `require('node:net').createServer((socket) => {
  socket.on('error', () => {}).on('data', () => socket.write('answer'))
}).listen(7000, () => console.log('listening'))`

/** Asks, is silent for longer than the NAT remembers, and asks again; and has metrics all the while. */
const program = `
  const net = require('node:net')
  const { register } = require(${JSON.stringify(require.resolve('prom-client', { paths: [root] }))})
  require(${JSON.stringify(join(root, 'dist/metrics/prom-client.js'))}).registerMetrics()
  require('node:http').createServer(async (_, response) => {
    response.setHeader('content-type', register.contentType).end(await register.metrics())
  }).listen(9100, '127.0.0.1')
  const socket = net.connect(7000, process.env.LAB_SERVER, () => socket.write('ask'))
  socket.on('error', ({ code }) => console.log(code)).on('data', String)
  let answers = 0
  socket.on('data', () => { if (++answers === 2) console.log('answered') })
  setTimeout(() => socket.write('ask again'), 9000)
  setTimeout(() => {}, 1e6)`

const config = `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yaml]
scrape_configs:
  - { job_name: machine, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:9464'] }] }
  - { job_name: program, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:9100'] }] }
`

async function begin(t: Test, variables: Record<string, string>) {
  const lab = await createLab({ limitSeconds: 4 })
  t.teardown(() => lab.close())
  const folder = temporaryFolder(t)
  const rules = readFileSync(join(root, 'examples/prometheus/rules.yaml'), 'utf8')
  writeFileSync(
    join(folder, 'rules.yaml'),
    rules.replace(/for: \w+/g, 'for: 1s').replaceAll('[10m]', '[2m]'),
  )
  writeFileSync(join(folder, 'prometheus.yaml'), config)
  const start = (where: 'client' | 'server', argv: string[], env = {}) =>
    lab.spawn(where, withEnv(env, argv), { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  const serving = start('server', [process.execPath, '-e', server])
  await new Promise((done) => serving.stdout?.once('data', done))
  const own = { NAT_KEEPALIVE_LIMIT: '4s', NAT_KEEPALIVE_AUDIT: '500ms' }
  start('client', [process.execPath, join(root, 'dist/bin.js'), 'exporter'], own)
  start('client', [
    'prometheus',
    '--config.file=prometheus.yaml',
    '--storage.tsdb.path=data',
    '--web.listen-address=127.0.0.1:9090',
    '--log.level=error',
  ])
  await scraped(lab)
  const client = start('client', [process.execPath, '-r', register, '-e', program], {
    ...own,
    ...variables,
    LAB_SERVER: lab.serverAddress,
  })
  const said = new Promise<string>((done) => client.stdout?.once('data', (text) => done(`${text}`)))
  return { lab, said }
}

async function query(lab: Lab, path: string) {
  const script = `fetch('http://127.0.0.1:9090/api/v1/${path}').then((r) => r.text()).then(console.log, () => console.log('{}'))`
  const { stdout } = await lab.run('client', withEnv({}, [process.execPath, '-e', script]))
  return JSON.parse(stdout)
}

/** Until the server has a look of the exporter's. */
async function scraped(lab: Lab): Promise<void> {
  for (;;) {
    const { data } = await query(lab, 'query?query=nat_keepalive_up')
    if (data?.result?.[0]?.value?.[1] === '1') return
    await sleep(200)
  }
}

async function firing(lab: Lab): Promise<string[]> {
  const { data } = await query(lab, 'alerts')
  const alerts: { state: string; labels: Record<string, string> }[] = data?.alerts ?? []
  return alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels }) => labels.alertname ?? '')
}

async function until(lab: Lab, name: string): Promise<string[]> {
  const deadline = Date.now() + 40_000
  for (;;) {
    const names = await firing(lab)
    if (names.includes(name) || Date.now() > deadline) return names
    await sleep(300)
  }
}

t.test('a connection that is at risk, and dies, makes the rules fire', async (t) => {
  if (!needLab(t) || !needPrometheus(t)) return
  const { lab, said } = await begin(t, { NAT_KEEPALIVE_EXCLUDE: '198.51.100.0/24' })
  t.ok(
    (await until(lab, 'NatKeepaliveConnectionsAtRisk')).includes('NatKeepaliveConnectionsAtRisk'),
  )
  t.equal(await said, 'ECONNRESET\n')
  t.ok((await until(lab, 'NatKeepaliveConnectionsLost')).includes('NatKeepaliveConnectionsLost'))
})

t.test('with the hook they stay silent', async (t) => {
  if (!needLab(t) || !needPrometheus(t)) return
  const { lab, said } = await begin(t, {})
  t.equal(await said, 'answered\n')
  // Time for a few scrapes more.
  await sleep(4_000)
  const { data } = await query(lab, 'query?query=nat_keepalive_process_opened_connections_total')
  t.equal(data.result[0].value[1], '1', 'it is seen')
  const names = await firing(lab)
  t.notOk(names.includes('NatKeepaliveConnectionsAtRisk'), names.join())
  t.notOk(names.includes('NatKeepaliveConnectionsLost'), names.join())
})
