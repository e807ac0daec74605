import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/settings/config'
import type { Json } from './admit'
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

async function setUp() {
  const packages = await loadPackages()
  const task: Json = packages.require('yaml').parse(readExample('ecs/task-definition.yaml'))
  const [copier, app] = task.containerDefinitions
  const request = { type: 'RegisterTaskDefinitionRequest', from: '@aws-sdk/client-ecs' }
  const errors = (value: unknown) => typeErrors(packages.path, [{ ...request, value }])
  return { task, copier, app, errors }
}

const ready = setUp()

t.test('the task definition is an input of RegisterTaskDefinition', async (t) => {
  const { task, errors } = await ready
  t.strictSame(errors(task), [])
})

t.test('and the check can refuse', async (t) => {
  const { task, copier, app, errors } = await ready
  const containers = (changed: object) => ({
    ...task,
    containerDefinitions: [copier, { ...app, ...changed }],
  })
  t.match(errors({ ...task, networkMode: 'vpc' }).join(), /"vpc".* is not assignable/)
  t.match(errors({ ...task, cpu: 256 }).join(), /number.* is not assignable/)
  t.match(errors(containers({ sysctls: [] })).join(), /sysctls.* does not exist/)
  t.match(
    errors(containers({ systemControls: [{ name: 'a', value: '1' }] })).join(),
    /name.* does not exist/,
  )
  const { family, ...unnamed } = task
  t.match(errors(unnamed).join(), /'family' is missing/)
})

t.test('the kernel gets the times that the hook has by default', async (t) => {
  const { app, copier } = await ready
  const { delayMs, intervalMs, probes } = parseConfig({}).config
  t.strictSame(app.systemControls, [
    { namespace: 'net.ipv4.tcp_keepalive_time', value: String(delayMs / 1000) },
    { namespace: 'net.ipv4.tcp_keepalive_intvl', value: String(intervalMs / 1000) },
    { namespace: 'net.ipv4.tcp_keepalive_probes', value: String(probes) },
  ])
  t.notOk(
    copier.systemControls,
    'in one container: they are shared, and the last to start would win',
  )
})

t.test('the program starts when the hook has been copied', async (t) => {
  const { task, app, copier } = await ready
  t.strictSame(app.dependsOn, [{ containerName: copier.name, condition: 'SUCCESS' }])
  t.equal(copier.essential, false, 'it ends, and the task goes on')
  t.equal(copier.image, `registry.example.com/nat-keepalive:${version}`)
  const [{ name }] = task.volumes
  for (const { mountPoints } of [app, copier]) t.equal(mountPoints[0].sourceVolume, name)
})

t.test('the task, played on this machine, is protected', async (t) => {
  if (!needMounts(t)) return
  const { app, copier } = await ready
  const image = join(temporaryFolder(t), 'image')
  buildImageFolder(image)
  const [{ containerPath: from }] = copier.mountPoints
  const [{ containerPath: to }] = app.mountPoints
  const play = copiedFrom(image, { command: copier.command, from, to })
  const env = Object.fromEntries(app.environment.map(({ name, value }: Json) => [name, value]))
  assertProtected(t, runMounted(play, program, { env }), 'the container')
})
