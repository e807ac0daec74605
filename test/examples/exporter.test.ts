import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../run-node'
import type { Json } from './admit'
import { needMounts, temporaryFolder } from './mounts'
import { loadPackages, readExample } from './packages'
import { typeErrors } from './type-errors'

const folder = 'kubernetes/exporter'
const overlays = ['unprivileged', 'prometheus-operator']
const models: Readonly<Record<string, string>> = {
  DaemonSet: 'kubernetes-models/apps/v1',
  Namespace: 'kubernetes-models/v1',
  Service: 'kubernetes-models/v1',
  PrometheusRule: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  ServiceMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
}

async function setUp() {
  const packages = await loadPackages()
  const { parseDocument } = packages.require('yaml')
  const parse = (name: string): Json => {
    const document = parseDocument(readExample(name), { strict: true })
    if (document.errors.length + document.warnings.length > 0) throw document.errors[0]
    return document.toJS()
  }
  const refusals = async (objects: readonly Json[]): Promise<string[]> => {
    const all: string[] = []
    for (const object of objects) {
      try {
        const Model = (await packages.import(`${models[object.kind]}/index.js`))[object.kind]
        new Model(object).validate()
      } catch (error) {
        all.push((error as Error).message)
      }
    }
    const claims = objects.map((value) => ({
      type: `I${value.kind}`,
      from: models[value.kind] as string,
      value,
    }))
    return [...all, ...typeErrors(packages.path, claims)]
  }
  return { parse, refusals }
}

const ready = setUp()
const base = ['namespace', 'daemonset', 'service'].map((name) => `${folder}/base/${name}.yaml`)
const operator = ['service-monitor', 'prometheus-rule'].map(
  (name) => `${folder}/overlays/prometheus-operator/${name}.yaml`,
)

t.test('the objects are what their schemas and types say', async (t) => {
  const { parse, refusals } = await ready
  const objects = [...base, ...operator].map(parse)
  t.strictSame(await refusals(objects), [])
  const [, daemonSet] = objects as [Json, Json]
  const wrong = { ...daemonSet, spec: { ...daemonSet.spec, hostPID: true } }
  t.match((await refusals([wrong])).join(), /hostPID/, 'and the check can refuse')
})

t.test('each kustomization names files that are there, and no file is left out', async (t) => {
  const { parse } = await ready
  for (const name of ['base', ...overlays.map((overlay) => `overlays/${overlay}`)]) {
    const { kind, resources = [], patches = [] } = parse(`${folder}/${name}/kustomization.yaml`)
    t.equal(kind, 'Kustomization')
    for (const path of [...resources, ...patches.map((patch: Json) => patch.path)]) {
      t.ok(existsSync(join(root, 'examples', folder, name, path)), `${name}: ${path}`)
    }
  }
})

t.test('what selects and what is selected fit together', async (t) => {
  const { parse } = await ready
  const [, daemonSet, service] = base.map(parse) as [Json, Json, Json]
  const [monitor] = operator.map(parse) as [Json]
  const { labels } = daemonSet.spec.template.metadata
  t.strictSame(daemonSet.spec.selector.matchLabels, labels)
  t.strictSame(service.spec.selector, labels)
  t.strictSame(monitor.spec.selector.matchLabels, service.metadata.labels)
  const [container] = daemonSet.spec.template.spec.containers
  t.equal(container.ports[0].name, service.spec.ports[0].targetPort)
  t.equal(monitor.spec.endpoints[0].port, service.spec.ports[0].name)
  t.match(container.args.join(' '), `:${container.ports[0].containerPort}`)
  const patch = parse(`${folder}/overlays/unprivileged/daemonset.yaml`)
  t.equal(patch.metadata.name, daemonSet.metadata.name)
  t.equal(patch.spec.template.spec.containers[0].name, container.name)
  const { version } = require('../../package.json')
  t.match(container.image, `:${version}`)
  t.match(readExample(`${folder}/Dockerfile`), `nat-keepalive@${version}`)
})

/** Whether a process with these capabilities can look into one of another user. */
function sees(capabilities: readonly string[], pid: number): boolean {
  const set = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',')
  const look = `ls /proc/${pid}/fd >/dev/null && readlink /proc/${pid}/fd/0 && cat /proc/${pid}/environ >/dev/null`
  const argv = [`--bounding-set=${set}`, `--inh-caps=${set}`, 'sh', '-c', look]
  return spawnSync('setpriv', argv, { stdio: 'ignore' }).status === 0
}

t.test('every capability is needed, and no more are', async (t) => {
  if (!needRoot(t)) return
  const { parse } = await ready
  const [container] = parse(`${folder}/base/daemonset.yaml`).spec.template.spec.containers
  const { drop, add } = container.securityContext.capabilities
  t.strictSame(drop, ['ALL'])
  const { spawn } = await import('node:child_process')
  const other = spawn('sleep', ['60'], { uid: 65_534, gid: 65_534, stdio: 'ignore' })
  t.teardown(() => other.kill('SIGKILL'))
  t.ok(sees(add, other.pid as number), add.join())
  for (const name of add) {
    const fewer = add.filter((one: string) => one !== name)
    t.notOk(sees(fewer, other.pid as number), `without ${name}`)
  }
})

function needRoot(t: Test): boolean {
  return needMounts(t) && process.getuid?.() === 0
}

function needPromtool(t: Test): boolean {
  if (spawnSync('promtool', ['--version']).status === 0) return true
  const text = 'promtool of the package prometheus is missing'
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(text)
  else t.pass(text, { skip: true })
  return false
}

const rules = 'prometheus/rules.yaml'

t.test('the rules are those of the operator', async (t) => {
  const { parse } = await ready
  const { spec } = parse(`${folder}/overlays/prometheus-operator/prometheus-rule.yaml`)
  t.strictSame(spec, parse(rules))
})

t.test('the rules fire when they should, and not when they should not', async (t) => {
  if (!needPromtool(t)) return
  const work = temporaryFolder(t)
  copyFileSync(join(root, 'examples', rules), join(work, 'rules.yaml'))
  copyFileSync(join(__dirname, 'rules.yaml'), join(work, 'tests.yaml'))
  const promtool = (...args: string[]) =>
    spawnSync('promtool', args, { cwd: work, encoding: 'utf8' })
  const checked = promtool('check', 'rules', 'rules.yaml')
  t.equal(checked.status, 0, checked.stderr)
  const tested = promtool('test', 'rules', 'tests.yaml')
  t.equal(tested.status, 0, tested.stdout + tested.stderr)
  const { parse } = await ready
  const names = parse(rules).groups[0].rules.map(({ alert, record }: Json) => alert ?? record)
  const tests = readFileSync(join(__dirname, 'rules.yaml'), 'utf8')
  for (const name of names) t.match(tests, name, `${name} is tested`)
})

t.test('every series that is asked for exists', async (t) => {
  const { parse } = await ready
  const sources = ['exporter/metrics.ts', 'metrics/prom-client.ts']
  const [outside = '', inside = ''] = sources.map((file) =>
    readFileSync(join(root, 'src', file), 'utf8'),
  )
  const known = new Set([
    'nat_keepalive:coverage:ratio',
    ...[...outside.matchAll(/(?:gauge|counter)\(\s*'(\w+)'/g)].map(
      ([, name]) => `nat_keepalive_${name}`,
    ),
    ...[...inside.matchAll(/(?:gauge|counter)\(\s*'(\w+)'/g)].map(
      ([, name]) => `nat_keepalive_process_${name}`,
    ),
  ])
  t.ok(known.size > 15, [...known].join())
  const board = JSON.parse(readExample('grafana/nat-keepalive.json'))
  const queries = [
    ...board.panels.flatMap(({ targets }: Json) => targets.map(({ expr }: Json) => expr)),
    ...parse(rules).groups[0].rules.map(({ expr }: Json) => expr),
  ]
  for (const query of queries) {
    for (const [name] of query.matchAll(/nat_keepalive[\w:]+/g)) t.ok(known.has(name), name)
  }
  const ids = board.panels.map(({ id }: Json) => id)
  t.equal(new Set(ids).size, ids.length)
})
