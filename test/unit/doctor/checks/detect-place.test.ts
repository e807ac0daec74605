import t from 'tap'
import { detectPlace } from '../../../../src/doctor/checks/detect-place'
import { machineWith } from './machine'

const dmi = (name: string, text: string) => ({ [`sys/class/dmi/id/${name}`]: `${text}\n` })
const cgroup = (text: string) => ({ 'proc/self/cgroup': `0::${text}\n` })
const token = { 'var/run/secrets/kubernetes.io/serviceaccount/namespace': 'default' }

type Case = readonly [
  what: string,
  env: Record<string, string>,
  files: Record<string, string>,
  service: string | null,
  container: string | null,
  cloud: string | null,
]

const table: readonly Case[] = [
  ['a bare machine', {}, {}, null, null, null],
  ['Docker', {}, { '.dockerenv': '' }, null, 'docker', null],
  ['Docker, cgroup v1', {}, cgroup('/docker/0123abcd'), null, 'docker', null],
  ['Docker, systemd cgroup', {}, cgroup('/system.slice/docker-0123.scope'), null, 'docker', null],
  ['the daemon of Docker', {}, cgroup('/system.slice/dockerd.service'), null, null, null],
  ['Podman', {}, { 'run/.containerenv': '' }, null, 'podman', null],
  ['another container', { container: 'lxc' }, {}, null, 'other', null],
  ['a pod', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, {}, 'kubernetes', null, null],
  ['a pod without service links', {}, token, 'kubernetes', null, null],
  [
    'a pod of containerd',
    {},
    cgroup('/kubepods.slice/x/cri-containerd-1.scope'),
    'kubernetes',
    'containerd',
    null,
  ],
  ['Lambda', { AWS_LAMBDA_FUNCTION_NAME: 'f' }, {}, 'lambda', null, 'amazon'],
  ['Fargate', { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' }, {}, 'fargate', null, 'amazon'],
  [
    'ECS',
    { ECS_CONTAINER_METADATA_URI_V4: 'http://x' },
    { '.dockerenv': '' },
    'ecs',
    'docker',
    'amazon',
  ],
  ['Cloud Run', { K_SERVICE: 's', K_REVISION: 'r' }, {}, 'cloud-run', null, 'google'],
  ['a service of that name elsewhere', { K_SERVICE: 's' }, {}, null, null, null],
  ['Container Apps', { CONTAINER_APP_NAME: 'a' }, {}, 'container-apps', null, 'azure'],
  ['EC2', {}, dmi('sys_vendor', 'Amazon EC2'), null, null, 'amazon'],
  ['EC2 under Xen', {}, dmi('bios_vendor', 'Amazon EC2'), null, null, 'amazon'],
  [
    'GKE',
    token,
    { ...token, ...dmi('product_name', 'Google Compute Engine') },
    'kubernetes',
    null,
    'google',
  ],
  [
    'Azure',
    {},
    {
      ...dmi('sys_vendor', 'Microsoft Corporation'),
      ...dmi('chassis_asset_tag', '7783-7084-3265-9085-8269-3286-77'),
    },
    null,
    null,
    'azure',
  ],
  ['Hyper-V at home', {}, dmi('sys_vendor', 'Microsoft Corporation'), null, null, null],
  ['OCI', {}, dmi('chassis_asset_tag', 'OracleCloud.com'), null, null, 'oracle'],
  ['Alibaba', {}, dmi('sys_vendor', 'Alibaba Cloud'), null, null, 'alibaba'],
  ['blank variables', { KUBERNETES_SERVICE_HOST: '', container: '' }, {}, null, null, null],
]

t.test('a place is recognised by its signs, and by nothing else', (t) => {
  for (const [what, env, files, service, container, cloud] of table) {
    const place = detectPlace(machineWith(t, files, { env }))
    t.equal(place.service?.id ?? null, service, what)
    t.equal(place.container?.id ?? null, container, what)
    t.equal(place.cloud?.id ?? null, cloud, what)
    t.equal(place.cloudWhy === null, cloud !== null, what)
  }
  t.end()
})
