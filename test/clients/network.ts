import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findTools } from '../../src/lab/find-tools'
import { startHolder } from '../../src/lab/holder'

/** Where a client connects to: a name, and the address behind it that is served. */
export interface Target {
  readonly name: string
  readonly host: string
  readonly address: string
  readonly tls: boolean
}

/** A network with a loopback interface and nothing else: what runs in it cannot reach anybody. */
export interface Network {
  /** A folder that is gone after the network. */
  readonly folder: string
  /** The command line that runs `argv` in it, as the child of the process that is spawned. */
  inside(argv: readonly string[]): string[]
  /** Kills whatever runs in it. */
  close(): Promise<void>
}

// Documentation addresses (RFC 5737, 3849): a client that ran elsewhere would reach nobody. The second
// are refused by a rule, because a server in Go that is told 0.0.0.0 listens on IPv6 too.
const SERVED = '198.51.100'
const REFUSED = '2001:db8:'

/**
 * One name each, so that the connections of one process can be told apart. The names `-multi` have a
 * first address that refuses at once: Node then opens the connection with a second handle, and what
 * was set on the first one is lost.
 */
export const targets: readonly Target[] = [
  { name: 'plain', host: 'plain.clients.test', address: `${SERVED}.11`, tls: false },
  { name: 'plain-multi', host: 'plain-multi.clients.test', address: `${SERVED}.12`, tls: false },
  { name: 'tls', host: 'tls.clients.test', address: `${SERVED}.13`, tls: true },
  { name: 'tls-multi', host: 'tls-multi.clients.test', address: `${SERVED}.14`, tls: true },
]

export function isMulti({ name }: Target): boolean {
  return name.endsWith('-multi')
}

/** The first address of a `-multi` name. */
function refusedAddress({ address }: Target): string {
  return `${REFUSED}:${address.split('.')[3]}`
}

function hosts(): string {
  const lines = targets.flatMap((target) => [
    ...(isMulti(target) ? [`${refusedAddress(target)} ${target.host}`] : []),
    `${target.address} ${target.host}`,
  ])
  return ['127.0.0.1 localhost', ...lines, ''].join('\n')
}

/**
 * The shell script of the process that holds the network until it is told to end, or its stdin ends
 * with the process that started it. As process 1 of its pid namespace it takes every other process
 * with it, and then the folder. The sysctls are the kernel's own defaults, whatever this machine has.
 */
function holderScript(folder: string): string {
  const addresses = targets.flatMap((target) => [
    `ip addr add ${target.address}/32 dev lo`,
    ...(isMulti(target) ? [`ip addr add ${refusedAddress(target)}/128 dev lo nodad`] : []),
  ])
  // A masked /proc (in containers) forbids a second one, and the outer one serves as well.
  return `set -eu
mount -t proc proc /proc 2>/dev/null || true
mount --bind '${join(folder, 'hosts')}' /etc/hosts
mount --bind /dev/null /etc/resolv.conf
ip link set lo up
${addresses.join('\n')}
cd /proc/sys/net/ipv4
echo 7200 > tcp_keepalive_time; echo 75 > tcp_keepalive_intvl; echo 9 > tcp_keepalive_probes
cd /
nft -f - <<'END'
table ip6 clients {
  chain incoming {
    type filter hook input priority 0;
    ip6 daddr ${REFUSED}:/32 tcp flags syn reject with tcp reset
  }
}
END
echo ready
exec 3<&0
cat <&3 > /dev/null &
trap : TERM
wait $! || true
kill -KILL -1 || true
rm -rf '${folder}'
`
}

/** Makes the network. Throws where this user may not have one. */
export async function createNetwork(): Promise<Network> {
  const tools = findTools()
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-clients-'))
  try {
    writeFileSync(join(folder, 'hosts'), hosts())
    const holder = await startHolder(tools, holderScript(folder))
    const users = holder.ownUsers ? ['--user', '--preserve-credentials'] : []
    const entering = [`--target=${holder.pid}`, ...users, '--mount', '--pid', '--net']
    return {
      folder,
      inside: (argv) => [tools.paths.nsenter, ...entering, '--', ...argv],
      async close() {
        // Not by holder.end(), which would leave the folder to a process that may be out of time.
        process.kill(holder.pid, 'SIGTERM')
        while (!holder.ended) await sleep(20)
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
