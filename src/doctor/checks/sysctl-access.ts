import type { Outcome } from './check'
import { detectPlace, type Place } from './detect-place'
import type { Machine } from './machine'
import { platformName } from './platform-name'

export const id = 'sysctl-access'
export const title = 'Who can set the sysctls'

/** Whether, and how, the keepalive sysctls of this network namespace can be set. Sets nothing. */
export function run(machine: Machine): Outcome {
  if (machine.platform !== 'linux') {
    return {
      verdict: 'ok',
      seen: `Those that are spoken of here are Linux's. On ${platformName(machine.platform)} the hook needs none, because it sets keepalive and its times on each socket.`,
      action: null,
      data: { settable: null, writable: null, by: null },
    }
  }
  const place = detectPlace(machine)
  const writable = machine.files.writable('/proc/sys/net/ipv4/tcp_keepalive_time')
  const way = wayOf(place, writable)
  const now =
    writable === null
      ? 'Whether this user may write them is not known.'
      : writable
        ? 'This user may also write them now, until the namespace is gone.'
        : 'This user may not write them.'
  return {
    verdict: way.settable === null ? 'unknown' : way.settable ? 'ok' : 'advice',
    seen: way.settable === false ? way.seen : `${way.seen} ${now}`,
    action: way.action,
    data: { settable: way.settable, writable, by: way.by },
  }
}

interface Way {
  readonly settable: boolean | null
  readonly by: string | null
  readonly seen: string
  readonly action: string | null
}

function wayOf({ service, container }: Place, writable: boolean | null): Way {
  switch (service?.id) {
    case 'lambda':
    case 'cloud-run':
    case 'app-service':
    case 'container-apps':
      return {
        settable: false,
        by: null,
        seen: `${service.name} offers no way to set sysctls.`,
        action: 'Rely on the hook, and give native clients a keepalive of their own.',
      }
    case 'fargate':
      return settable(
        'ecs',
        'On Fargate they are set by systemControls of the task definition, from platform version 1.4.0 on, for all containers of the task.',
      )
    case 'ecs':
      return settable(
        'ecs',
        'On ECS they are set by systemControls of the task definition, unless its network mode is host; on Fargate from platform version 1.4.0 on.',
      )
    case 'kubernetes':
      return settable(
        'kubernetes',
        "In Kubernetes they are set by the pod's securityContext.sysctls: safe sysctls from 1.29 on, before that only where the kubelet allows them.",
      )
  }
  if (container !== null) {
    return settable(
      'docker',
      `A container (${container.name}) gets them when it is created, by --sysctl, or sysctls in a compose file, unless it uses the network of the host.`,
    )
  }
  return {
    settable: writable === null ? null : true,
    by: 'sysctl',
    seen: 'Outside of a container they are set for the whole host, by a file in /etc/sysctl.d.',
    action: '`nat-keepalive snippet sysctl` prints one.',
  }
}

function settable(by: 'docker' | 'kubernetes' | 'ecs', seen: string): Way {
  return { settable: true, by, seen, action: `\`nat-keepalive snippet ${by}\` prints how.` }
}
