import type { KeepaliveSysctls } from '../kernel/sysctl'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'
import type { Finding } from './finding'

/** The kernel's first probe comes after the path has forgotten the connection. */
export function kernelFinding(sysctls: KeepaliveSysctls, config: Config): Finding {
  const { timeSeconds, intervalSeconds, probes } = sysctls
  const concerned =
    config.mode === 'kernel'
      ? 'NAT_KEEPALIVE_MODE=kernel leaves every socket of this process to these values.'
      : 'This concerns only sockets the hook cannot reach (native code, for example); ' +
        `those of JavaScript are probed after ${formatDuration(config.delayMs)}.`
  const seconds = (ms: number) => ms / 1_000
  return {
    code: 'NKA101',
    text:
      `The kernel would send its first keepalive probe after ${timeSeconds} s idle, but the path ` +
      `forgets an idle connection after ${formatDuration(config.limitMs)} ` +
      `(net.ipv4.tcp_keepalive_time=${timeSeconds}, tcp_keepalive_intvl=${intervalSeconds}, ` +
      `tcp_keepalive_probes=${probes}). ${concerned} ` +
      `Set net.ipv4.tcp_keepalive_time=${seconds(config.delayMs)}, ` +
      `net.ipv4.tcp_keepalive_intvl=${seconds(config.intervalMs)} and ` +
      `net.ipv4.tcp_keepalive_probes=${config.probes} for this network namespace (sysctl, ` +
      "docker --sysctl, a pod's securityContext.sysctls), or silence this with " +
      'NAT_KEEPALIVE_SYSCTL=off.',
    data: {
      timeSeconds,
      intervalSeconds,
      probes,
      limitMs: config.limitMs,
      mode: config.mode,
    },
  }
}

/** The check that was asked for could not be made; no verdict. */
export function kernelUnknownFinding(why: string): Finding {
  return {
    code: 'NKA101',
    text:
      `Whether the kernel's keepalive settings suit the path is not known: ${why}. ` +
      'Let the process read /proc/sys/net/ipv4/tcp_keepalive_time, _intvl and _probes, or set ' +
      'NAT_KEEPALIVE_SYSCTL=off.',
    data: { known: false, why },
  }
}
