import type { ProcFs } from '../../kernel/proc-fs'
import { quoted } from '../../process/printable'
import type { Files } from './files'

/** Something that was recognised, and by which sign. */
export interface Sign<Id extends string> {
  readonly id: Id
  readonly name: string
  readonly sign: string
}

export type ServiceId =
  | 'lambda'
  | 'fargate'
  | 'ecs'
  | 'kubernetes'
  | 'cloud-run'
  | 'app-service'
  | 'container-apps'
export type CloudId = 'amazon' | 'azure' | 'google' | 'oracle' | 'alibaba'

/** Where a process runs, as far as its environment and the files of the machine tell. */
export interface Place {
  readonly service: Sign<ServiceId> | null
  readonly container: Sign<'docker' | 'podman' | 'containerd' | 'cri-o' | 'other'> | null
  readonly cloud: Sign<CloudId> | null
  /** Why the cloud is not known, null where it is. */
  readonly cloudWhy: string | null
}

interface Evidence {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly proc: ProcFs
  readonly files: Files
}

type Rule<Id extends string> = readonly [id: Id, name: string, sign: string | null]

const dmi = '/sys/class/dmi/id'
/** The asset tag of every virtual machine of Azure; sys_vendor alone is any Hyper-V. */
const azureTag = '7783-7084-3265-9085-8269-3286-77'

/** Recognises the place by environment variables, cgroup and files. Contacts nobody. */
export function detectPlace({ env, proc, files }: Evidence): Place {
  const cgroup = proc.read('self/cgroup')
  const cgroups = cgroup.known ? cgroup.value : ''
  const variable = (name: string, pattern = /./): string | null =>
    pattern.test(env[name] ?? '') ? name : null
  const inCgroup = (pattern: RegExp): string | null =>
    pattern.test(cgroups) ? '/proc/self/cgroup' : null
  const file = (path: string): string | null => (files.exists(path) ? path : null)

  const service = first<ServiceId>([
    ['lambda', 'AWS Lambda', variable('AWS_LAMBDA_FUNCTION_NAME')],
    ['fargate', 'ECS on Fargate', variable('AWS_EXECUTION_ENV', /^AWS_ECS_FARGATE$/)],
    ['ecs', 'ECS', variable('AWS_EXECUTION_ENV', /^AWS_ECS_/)],
    ['ecs', 'ECS', variable('ECS_CONTAINER_METADATA_URI_V4')],
    ['ecs', 'ECS', variable('ECS_CONTAINER_METADATA_URI')],
    ['ecs', 'ECS', inCgroup(/:\/ecs\//)],
    ['container-apps', 'Azure Container Apps', variable('CONTAINER_APP_NAME')],
    ['app-service', 'Azure App Service or Functions', variable('WEBSITE_INSTANCE_ID')],
    ['cloud-run', 'Google Cloud Run', env.K_SERVICE ? variable('K_REVISION') : null],
    ['cloud-run', 'Google Cloud Run', variable('CLOUD_RUN_JOB')],
    ['kubernetes', 'Kubernetes', variable('KUBERNETES_SERVICE_HOST')],
    ['kubernetes', 'Kubernetes', file('/var/run/secrets/kubernetes.io/serviceaccount/namespace')],
    ['kubernetes', 'Kubernetes', inCgroup(/kubepods/)],
  ])
  const container = first<NonNullable<Place['container']>['id']>([
    ['docker', 'Docker', file('/.dockerenv')],
    ['podman', 'Podman', file('/run/.containerenv')],
    ['docker', 'Docker', inCgroup(/docker[-/]/)],
    ['podman', 'Podman', inCgroup(/libpod/)],
    ['cri-o', 'CRI-O', inCgroup(/crio-/)],
    ['containerd', 'containerd', inCgroup(/cri-containerd/)],
    ['other', 'a container', variable('container')],
  ])
  return { service, container, ...detectCloud(service, files) }
}

const cloudOf: Readonly<Record<ServiceId, CloudId | null>> = {
  lambda: 'amazon',
  fargate: 'amazon',
  ecs: 'amazon',
  kubernetes: null,
  'cloud-run': 'google',
  'app-service': 'azure',
  'container-apps': 'azure',
}

export const cloudNames: Readonly<Record<CloudId, string>> = {
  amazon: 'AWS',
  azure: 'Azure',
  google: 'Google Cloud',
  oracle: 'Oracle Cloud',
  alibaba: 'Alibaba Cloud',
}

function detectCloud(service: Place['service'], files: Files): Pick<Place, 'cloud' | 'cloudWhy'> {
  const byService = service === null ? null : cloudOf[service.id]
  if (service !== null && byService !== null) {
    const cloud = { id: byService, name: cloudNames[byService], sign: service.sign }
    return { cloud, cloudWhy: null }
  }
  const names = ['sys_vendor', 'bios_vendor', 'product_name', 'chassis_asset_tag'] as const
  const readings = names.map((name) => files.read(`${dmi}/${name}`))
  const texts = readings.map((reading) => (reading.known ? reading.value.trim() : ''))
  const [vendor = '', bios = '', product = '', tag = ''] = texts
  const told = (name: (typeof names)[number], matches: boolean): string | null =>
    matches ? `${dmi}/${name}` : null
  const cloud = first<CloudId>([
    ['amazon', cloudNames.amazon, told('sys_vendor', /^Amazon/.test(vendor))],
    ['amazon', cloudNames.amazon, told('bios_vendor', /^Amazon/.test(bios))],
    ['google', cloudNames.google, told('product_name', product === 'Google Compute Engine')],
    ['google', cloudNames.google, told('sys_vendor', vendor === 'Google')],
    ['azure', cloudNames.azure, told('chassis_asset_tag', tag === azureTag)],
    ['oracle', cloudNames.oracle, told('chassis_asset_tag', tag === 'OracleCloud.com')],
    ['alibaba', cloudNames.alibaba, told('sys_vendor', /^Alibaba/.test(vendor))],
  ])
  if (cloud !== null) return { cloud, cloudWhy: null }
  const unread = readings.filter((reading) => !reading.known)
  const [why] = unread
  const cloudWhy =
    why !== undefined && !why.known && unread.length === readings.length
      ? why.why
      : `${dmi} names none that is known${vendor === '' ? '' : ` (sys_vendor is ${quoted(vendor, 60)})`}`
  return { cloud: null, cloudWhy }
}

function first<Id extends string>(rules: readonly Rule<Id>[]): Sign<Id> | null {
  for (const [id, name, sign] of rules) {
    if (sign !== null) return { id, name, sign }
  }
  return null
}
