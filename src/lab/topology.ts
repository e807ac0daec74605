/** Where a command of the lab runs. */
export type Place = 'client' | 'nat' | 'server'

/** What the NAT answers on a flow it has forgotten: a reset (AWS NAT gateway) or nothing (Azure). */
export type Expiry = 'reset' | 'drop'

// RFC 5737 documentation addresses: a command that runs in the wrong namespace reaches nobody.
export const clientAddress = '192.0.2.2'
export const serverAddresses = ['198.51.100.2', '198.51.100.3'] as const

const natInside = '192.0.2.1'
const natOutside = '198.51.100.1'

// Loose tracking would adopt a forgotten flow again at its next packet. Liberal window checks keep
// a late segment from being taken for one of a forgotten flow. The two other timeouts shorten the
// limit of a flow with unanswered packets where they are below it (300 s is their default).
function natSysctls(limitSeconds: number): string {
  return `
cd /proc/sys/net
echo 1 > ipv4/ip_forward
cd netfilter
echo 0 > nf_conntrack_tcp_loose
echo 1 > nf_conntrack_tcp_be_liberal
echo ${limitSeconds} > nf_conntrack_tcp_timeout_established
echo ${limitSeconds} > nf_conntrack_tcp_timeout_max_retrans
echo ${limitSeconds} > nf_conntrack_tcp_timeout_unacknowledged
`
}

// Without the chain "incoming" the NAT's own stack would reset the server's late packets.
function natRules(expiry: Expiry): string {
  const verdict = expiry === 'reset' ? 'reject with tcp reset' : 'drop'
  return `
table ip lab {
${tollSets.map((name) => `  set ${name} {\n    ${connectionSet}\n  }`).join('\n')}
  chain post {
    type nat hook postrouting priority 100;
    oifname "s1" masquerade
  }
  chain late_request {
${ifData(`update @died { ${ofClient} } update @requests { ${ofClient} } return`)}
    update @closed { ${ofClient} }
    tcp flags & (fin | rst) == 0 update @died { ${ofClient} }
  }
  chain late_answer {
${ifData(`update @died { ${ofServer} } update @requests { ${ofServer} } return`)}
    update @closed { ${ofServer} }
  }
  chain incoming {
    type filter hook input priority 0;
    iifname "s1" meta l4proto tcp jump late_answer
    iifname "s1" drop
  }
  chain forwarding {
    type filter hook forward priority 0;
    iifname "c1" meta l4proto tcp ct state invalid jump late_request
    ct state invalid counter ${verdict}
    iifname "s1" ct state new counter drop
  }
}
`
}

/**
 * Connections that met the NAT after it had forgotten them: those on which something was sent, those
 * on which data was, and those that at least were closed. A set, because a segment comes again.
 */
export const tollSets = ['died', 'requests', 'closed'] as const

const connectionSet = 'type inet_service . ipv4_addr . inet_service; flags dynamic; size 65535;'

/** A connection, as seen on a packet from either end: the NAT leaves the client's port as it is. */
const ofClient = 'tcp sport . ip daddr . tcp dport'
const ofServer = 'tcp dport . ip saddr . tcp sport'

/** A rule for segments that carry data: older kernels than 5.16 cannot look behind the header. */
function ifData(statement: string, condition = ''): string {
  const words = Array.from({ length: 11 }, (_, index) => index + 5)
  return words
    .map(
      (offset) => `    ${condition}tcp doff ${offset} ip length > ${20 + offset * 4} ${statement}`,
    )
    .join('\n')
}

/** Prints the sets, each after a line with its name. */
export const tollScript = `set -eu
for name in ${tollSets.join(' ')}; do echo "set $name"; nft -n list set ip lab $name; done
`

/** After so long without data, a segment that has none is no acknowledgement, which delays 200 ms at most. */
const silenceMs = 600

/**
 * nft commands after which segments without data are lost on silent connections. Beyond the NAT, which
 * sees the client's probes and so remembers the connection.
 */
export function eatingBegins(afterProbes: number): string {
  const counted = `limit rate over 1/day burst ${afterProbes} packets`
  const eat = (connection: string) =>
    afterProbes === 0 ? 'drop' : `update @probed { ${connection} ${counted} } drop`
  const talk = (from: string, connection: string) => `
    ${from} tcp flags & (syn | fin | rst) != 0 update @talking { ${connection} } accept
${ifData(`update @talking { ${connection} } accept`, `${from} `)}
    ${from} ${connection} @talking accept`
  return `
table ip eating
delete table ip eating
table ip eating {
  set talking {
    ${connectionSet.replace('dynamic', 'dynamic, timeout')} timeout ${silenceMs}ms;
  }
  set probed {
    ${connectionSet}
  }
  chain beyond {
    type filter hook forward priority 10;
    meta l4proto != tcp accept${talk('oifname "s1"', ofClient)}${talk('iifname "s1"', ofServer)}
    oifname "s1" ${eat(ofClient)}
    iifname "s1" ${eat(ofServer)}
  }
}
`
}

/**
 * The shell script of the process that holds a lab: builds it, prints `ready`, and stays until its
 * stdin ends. As process 1 of its pid namespace it takes every other process with it.
 */
export function holderScript(limitSeconds: number, expiry: Expiry): string {
  // A masked /proc (in containers) forbids a second one, and the outer one serves as well.
  return `set -eu
mount -t proc proc /proc 2>/dev/null || true
mount -t tmpfs tmpfs /run
mkdir /run/netns
for name in client nat server; do ip netns add $name; done
ip -batch - <<'END'
link add c0 netns client type veth peer name c1 netns nat
link add s1 netns nat type veth peer name s0 netns server
END
ip -n client -batch - <<'END'
link set lo up
addr add ${clientAddress}/24 dev c0
link set c0 up
route add 198.51.100.0/24 via ${natInside}
END
ip -n nat -batch - <<'END'
link set lo up
addr add ${natInside}/24 dev c1
addr add ${natOutside}/24 dev s1
link set c1 up
link set s1 up
END
ip -n server -batch - <<'END'
link set lo up
addr add ${serverAddresses[0]}/24 dev s0
addr add ${serverAddresses[1]}/24 dev s0
link set s0 up
END
nsenter --net=/run/netns/nat nft -f - <<'END'${natRules(expiry)}END
nsenter --net=/run/netns/nat sh -eu <<'END'${natSysctls(limitSeconds)}END
echo ready
exec 3<&0
cat <&3 >/dev/null &
wait $!
`
}

/**
 * nft commands that cut the path on the far side of the NAT. The NAT still sees the client's
 * packets, so a flow that is probed during the outage is not forgotten; a blackhole route would
 * let the NAT reset forgotten flows meanwhile, these rules come before that.
 */
export const outageBegins = `
table ip outage
delete table ip outage
table ip outage {
  chain arriving {
    type filter hook prerouting priority -300;
    iifname "s1" drop
  }
  chain leaving {
    type filter hook forward priority -10;
    oifname "s1" drop
  }
}
`

export const outageEnds = `
table ip outage
delete table ip outage
`

/**
 * Shell commands after which the NAT knows no flow. Masquerading drops the flows of an address
 * that goes away, so this needs no conntrack tool. Nothing passes meanwhile, or the client would
 * be told that the network is unreachable, and a new flow could begin before the last look.
 */
export const flushScript = `set -eu
nft -f - <<'END'
table ip flush_gate {
  chain both {
    type filter hook prerouting priority -310;
    iifname { "c1", "s1" } drop
  }
}
END
trap 'nft delete table ip flush_gate' EXIT
ip addr del ${natOutside}/24 dev s1
ip addr add ${natOutside}/24 dev s1
looks=0
while [ "$(cat /proc/sys/net/netfilter/nf_conntrack_count)" != 0 ]; do
  looks=$((looks + 1))
  if [ $looks -gt 100 ]; then echo 'The NAT still knows flows.' >&2; exit 1; fi
  sleep 0.02
done
`
