import { join } from 'node:path'
import t from 'tap'
import { admit, type Json, type Policy } from './admit'
import { createEvaluate } from './cel'
import {
  assertProtected,
  copiedFrom,
  needMounts,
  program,
  runMounted,
  temporaryFolder,
  version,
} from './mounts'
import { loadPackages, readExample } from './packages'
import { typeErrors } from './type-errors'

const { buildImageFolder } = require('../../scripts/build-image-folder.cjs')

const option = '--require=/opt/nat-keepalive/register.js'

const models = {
  MutatingAdmissionPolicy: 'kubernetes-models/admissionregistration.k8s.io/v1',
  MutatingAdmissionPolicyBinding: 'kubernetes-models/admissionregistration.k8s.io/v1',
  MutatingPolicy: '@kubernetes-models/kyverno/policies.kyverno.io/v1',
  Pod: 'kubernetes-models/v1',
} as const

const files = ['kubernetes/mutating-admission-policy.yaml', 'kubernetes/kyverno.yaml']

async function setUp() {
  const packages = await loadPackages()
  const { parseAllDocuments } = packages.require('yaml')
  const parse = (name: string): Json[] =>
    parseAllDocuments(readExample(name), { strict: true }).map((document: Json) => {
      if (document.errors.length + document.warnings.length > 0) throw document.errors[0]
      return document.toJS()
    })
  /** What the JSON schema and the types of Kubernetes, or of Kyverno, have against the objects. */
  const refusals = async (objects: readonly Json[]): Promise<string[]> => {
    const all: string[] = []
    for (const object of objects) {
      const from = models[object.kind as keyof typeof models]
      try {
        const Model = (await packages.import(`${from}/index.js`))[object.kind]
        new Model(object).validate()
      } catch (error) {
        all.push((error as Error).message)
      }
    }
    const claims = objects.map((value) => {
      const from = models[value.kind as keyof typeof models]
      return { type: `I${value.kind}`, from, value }
    })
    return [...all, ...typeErrors(packages.path, claims)]
  }
  const evaluate = await createEvaluate(packages)
  const [policy, binding, ...others] = parse(files[0] as string) as Json[]
  const [kyverno] = parse(files[1] as string) as Json[]
  return { parse, refusals, evaluate, policy, binding, others, kyverno }
}

const ready = setUp()

function pod(spec: object, metadata: object = {}): Json {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', ...metadata }, spec }
}

const app = { name: 'app', image: 'app:1' }

t.test('the objects are what their schemas and types say', async (t) => {
  const { refusals, policy, binding, others, kyverno } = await ready
  t.strictSame(others, [])
  t.strictSame(await refusals([policy, binding, kyverno]), [])
})

t.test(
  'and the check can refuse: by the schema, and what a schema lets through by the type',
  async (t) => {
    const { refusals, policy, binding, kyverno } = await ready
    const table: readonly [string, Json, RegExp][] = [
      ['a word that is none', { ...policy.spec, failurePolicy: 'Never' }, /allowed values/],
      [
        'a member that is none',
        { ...policy.spec, failurPolicy: 'Fail' },
        /failurPolicy.* does not exist/,
      ],
    ]
    for (const [name, spec, expected] of table) {
      t.match((await refusals([{ ...policy, spec }])).join(), expected, name)
    }
    const older = { ...policy, apiVersion: 'admissionregistration.k8s.io/v1beta1' }
    t.ok((await refusals([older])).length > 0, 'another version')
    const unbound = { ...binding, spec: { ...binding.spec, policy: 'nat-keepalive' } }
    t.match((await refusals([unbound])).join(), /policy.* does not exist/)
    const { mutations, ...rest } = kyverno.spec
    const untyped = { ...kyverno, spec: { ...rest, mutations: mutations.map(() => ({})) } }
    t.match((await refusals([untyped])).join(), /patchType/)
  },
)

t.test('the policy reaches the labelled namespaces, and is bound', async (t) => {
  const { policy, binding, kyverno } = await ready
  t.equal(binding.spec.policyName, policy.metadata.name)
  const labelled = { matchLabels: { 'nat-keepalive': 'enabled' } }
  t.strictSame(binding.spec.matchResources.namespaceSelector, labelled)
  t.strictSame(kyverno.spec.matchConstraints.namespaceSelector, labelled)
  const { namespaceSelector, ...constraints } = kyverno.spec.matchConstraints
  t.strictSame(policy.spec.matchConstraints, constraints, 'the same pods')
  t.equal(policy.spec.failurePolicy, 'Ignore', 'a pod starts, whatever happens')
  for (const file of files) {
    t.match(readExample(file), /kubectl label namespace \w+ nat-keepalive=enabled/, file)
  }
})

t.test('Kyverno evaluates the same expressions', async (t) => {
  const { policy, kyverno } = await ready
  for (const part of ['matchConditions', 'variables', 'mutations', 'failurePolicy'] as const) {
    t.strictSame(kyverno.spec[part], policy.spec[part], part)
  }
})

/** NODE_OPTIONS of each container after admission, `null` where there is none. */
function nodeOptions(admitted: Json): (string | null)[] {
  return admitted.spec.containers.map(({ env = [] }: Json) => {
    const found = env.filter(({ name }: Json) => name === 'NODE_OPTIONS')
    if (found.length > 1) throw new Error('NODE_OPTIONS is there twice')
    return found[0]?.value ?? null
  })
}

t.test('NODE_OPTIONS of a container is added to, never replaced', async (t) => {
  const { policy, evaluate, refusals } = await ready
  const env = (...variables: object[]) => ({ ...app, env: variables })
  const set = (value: string) => ({ name: 'NODE_OPTIONS', value })
  const other = { name: 'A', value: 'b' }
  const table: readonly [string, object, string][] = [
    ['no env', app, option],
    ['other variables', env(other), option],
    ['an option', env(set('--max-old-space-size=512')), `${option} --max-old-space-size=512`],
    ['a reference', env(other, set('--title=$(A)')), `${option} --title=$(A)`],
    ['a preload', env(set('--require /x.cjs')), `${option} --require /x.cjs`],
    ['an empty value', env(set('')), option],
    ['no value', env({ name: 'NODE_OPTIONS' }), option],
  ]
  const admitted = table.map(([name, container, expected]) => {
    const after = admit(policy, pod({ containers: [container] }), evaluate)
    t.strictSame(nodeOptions(after), [expected], name)
    const { env: before = [] } = container as { env?: Json[] }
    t.strictSame(
      after.spec.containers[0].env.filter((each: Json) => each.name !== 'NODE_OPTIONS'),
      before.filter((each) => each.name !== 'NODE_OPTIONS'),
      `${name}: the rest stays`,
    )
    return after
  })
  t.strictSame(await refusals(admitted), [], 'and what comes out is a pod')
})

t.test(
  'a container gets the mount, the pod the volume and the init container that fills it',
  async (t) => {
    const { policy, evaluate } = await ready
    const mount = { name: 'data', mountPath: '/data' }
    const before = pod({
      containers: [
        { ...app, volumeMounts: [mount] },
        { name: 'sidecar', image: 'sidecar:1' },
      ],
      initContainers: [{ name: 'migrate', image: 'app:1' }],
      volumes: [{ name: 'data', emptyDir: {} }],
      terminationGracePeriodSeconds: 5,
    })
    const { spec } = admit(policy, before, evaluate)
    const hook = { name: 'nat-keepalive', mountPath: '/opt/nat-keepalive', readOnly: true }
    t.strictSame(
      spec.containers.map(({ volumeMounts }: Json) => volumeMounts),
      [[mount, hook], [hook]],
    )
    t.strictSame(
      spec.volumes.map(({ name }: Json) => name),
      ['data', 'nat-keepalive'],
    )
    t.strictSame(
      spec.initContainers.map(({ name }: Json) => name),
      ['migrate', 'nat-keepalive'],
    )
    t.equal(spec.initContainers[1].image, `registry.example.com/nat-keepalive:${version}`)
    t.equal(spec.initContainers[1].volumeMounts[0].name, 'nat-keepalive')
    t.equal(spec.terminationGracePeriodSeconds, 5)
    t.strictSame(spec.initContainers[0], { name: 'migrate', image: 'app:1' }, 'left alone')
  },
)

t.test('what has the hook, cannot have it or shall not have it is left alone', async (t) => {
  const { policy, evaluate } = await ready
  const from = { configMapKeyRef: { name: 'app', key: 'options' } }
  const containers = [app]
  const table: readonly [string, object][] = [
    [
      'a base image that says so',
      { containers: [{ ...app, env: [{ name: 'NODE_OPTIONS', value: option }] }] },
    ],
    [
      'a local dependency',
      {
        containers: [
          { ...app, env: [{ name: 'NODE_OPTIONS', value: '-r nat-keepalive/register' }] },
        ],
      },
    ],
    ['valueFrom', { containers: [{ ...app, env: [{ name: 'NODE_OPTIONS', valueFrom: from }] }] }],
    [
      'a mount there',
      { containers: [{ ...app, volumeMounts: [{ name: 'x', mountPath: '/opt/nat-keepalive/' }] }] },
    ],
    ['a volume of the name', { containers, volumes: [{ name: 'nat-keepalive', emptyDir: {} }] }],
    [
      'an init container of the name',
      { containers, initContainers: [{ ...app, name: 'nat-keepalive' }] },
    ],
    ['Windows', { containers, os: { name: 'windows' } }],
  ]
  for (const [name, spec] of table) {
    t.strictSame(admit(policy, pod(spec), evaluate), pod(spec), name)
  }
  const once = admit(policy, pod({ containers }), evaluate)
  t.notSame(once, pod({ containers }))
  t.strictSame(admit(policy, once, evaluate), once, 'what was admitted before')
  const linux = admit(policy, pod({ containers, os: { name: 'linux' } }), evaluate)
  t.strictSame(nodeOptions(linux), [option], 'Linux by name is not Windows')

  const both = pod({
    containers: [app, { ...app, name: 'other', env: [{ name: 'NODE_OPTIONS', valueFrom: from }] }],
  })
  t.strictSame(nodeOptions(admit(policy, both, evaluate)), [option, null], 'one of two')
  const [selector] = policy.spec.matchConstraints.objectSelector.matchExpressions
  t.strictSame(selector, { key: 'nat-keepalive', operator: 'NotIn', values: ['disabled'] })
})

t.test('the evaluation sees what the API server refuses', async (t) => {
  const { evaluate } = await ready
  const apply = (expression: string): Policy => ({
    spec: {
      matchConditions: [],
      variables: [],
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    },
  })
  const containers = [app]
  const atomic =
    'Object{spec: Object.spec{containers: [Object.spec.containers{name: "app", args: ["a"]}]}}'
  t.throws(() => admit(apply(atomic), pod({ containers }), evaluate), /may not mutate atomic.*args/)
  const wrong = 'Object{spec: Object.spec{containers: [Object.spec.container{name: "app"}]}}'
  t.throws(
    () => admit(apply(wrong), pod({ containers }), evaluate),
    /stands at Object.spec.containers/,
  )
  t.throws(() => evaluate('object.spec.filter(', {}), 'a syntax error')
})

t.test('the pod, played on this machine, is protected', async (t) => {
  if (!needMounts(t)) return
  const { policy, evaluate } = await ready
  const image = join(temporaryFolder(t), 'image')
  buildImageFolder(image)
  const env = [{ name: 'NODE_OPTIONS', value: '--title=its-own' }]
  const admitted = admit(policy, pod({ containers: [{ ...app, env }] }), evaluate)
  const [{ command, volumeMounts }] = admitted.spec.initContainers
  const [{ mountPath: from }] = volumeMounts
  const [{ mountPath: to }] = admitted.spec.containers[0].volumeMounts
  const play = copiedFrom(image, { command, from, to })
  const [NODE_OPTIONS = null] = nodeOptions(admitted)
  const container = { env: { NODE_OPTIONS: String(NODE_OPTIONS) } }
  assertProtected(t, runMounted(play, program, container), 'the container')
  const title = runMounted(play, [process.execPath, '-p', 'process.title'], container)
  t.equal(title.stdout, 'its-own\n', 'its own option is in force')
  t.not(runMounted('', program, container).code, 0, 'without the volume nothing starts')
})
