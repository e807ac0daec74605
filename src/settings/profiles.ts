/** What is known about the idle limit of one kind of middlebox. */
export interface Profile {
  /** The name a user gives to NAT_KEEPALIVE_PROFILE. */
  readonly id: string
  readonly name: string
  /** 4: a keepalive probe counts as traffic. 7: only data does, so a probe resets nothing. */
  readonly layer: 4 | 7
  /** Idle time after which a connection is forgotten or closed by default, in seconds. */
  readonly limitSeconds: number
  /** What can be set instead of the default, null where it is fixed or not documented. */
  readonly configurable: string | null
  /** What happens to a connection that reaches the limit. */
  readonly behaviour: string
  readonly source: string
  /** Year and month in which the source was read. */
  readonly checkedOn: string
  /** Whether the default stands in the vendor's own documentation or in source code. */
  readonly verified: boolean
}

const checkedOn = '2026-11'

/** The middleboxes whose limits have a source, in the order of their vendors. */
export const profiles: readonly Profile[] = Object.freeze(
  (
    [
      {
        id: 'aws-nat-gateway',
        name: 'AWS NAT Gateway',
        layer: 4,
        limitSeconds: 350,
        configurable: null,
        behaviour:
          'The entry goes without a word; the next packet from inside is answered with RST.',
        source: 'Amazon VPC User Guide: nat-gateway-troubleshooting, vpc-nat-comparison',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-vpc-endpoint',
        name: 'AWS interface VPC endpoint (PrivateLink)',
        layer: 4,
        limitSeconds: 350,
        configurable: null,
        behaviour: 'Later packets are not delivered.',
        source: 'AWS networking blog: long-running TCP connections within a VPC',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-nlb',
        name: 'AWS Network Load Balancer',
        layer: 4,
        limitSeconds: 350,
        configurable: '60 to 6000 s on a TCP listener; a TLS listener is fixed',
        behaviour:
          'The flow is forgotten; later data is said to be answered with RST (not verified).',
        source: 'Elastic Load Balancing documentation: network update-idle-timeout',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-gwlb',
        name: 'AWS Gateway Load Balancer',
        layer: 4,
        limitSeconds: 350,
        configurable: '60 to 6000 s',
        behaviour: 'The flow entry is removed and later packets may reach another appliance.',
        source: 'Elastic Load Balancing documentation: gateway update-idle-timeout',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-network-firewall',
        name: 'AWS Network Firewall',
        layer: 4,
        limitSeconds: 350,
        configurable: '60 to 6000 s',
        behaviour: 'Packets are dropped until a new SYN.',
        source: 'AWS Network Firewall API Reference: FlowTimeouts',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-security-group',
        name: 'AWS EC2 security group tracking',
        layer: 4,
        limitSeconds: 432_000,
        configurable: '60 to 432000 s for each network interface',
        behaviour: 'The tracking state is dropped without a word.',
        source: 'Amazon EC2 API Reference: ConnectionTrackingSpecificationRequest',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-security-group-nitro-v6',
        name: 'AWS EC2 security group tracking on Nitro v6 instances',
        layer: 4,
        limitSeconds: 350,
        configurable: '60 to 432000 s for each network interface',
        behaviour: 'The tracking state is dropped without a word.',
        source: 'Amazon EC2 API Reference: ConnectionTrackingSpecificationRequest',
        checkedOn,
        verified: true,
      },
      {
        id: 'azure-load-balancer',
        name: 'Azure Load Balancer, outbound SNAT included',
        layer: 4,
        limitSeconds: 240,
        configurable: '240 to 6000 s by an outbound rule',
        behaviour: 'Dropped without a word, unless TCP Reset is enabled.',
        source: 'Azure documentation: load-balancer-tcp-reset',
        checkedOn,
        verified: true,
      },
      {
        id: 'azure-nat-gateway',
        name: 'Azure NAT Gateway',
        layer: 4,
        limitSeconds: 240,
        configurable: '240 to 7200 s',
        behaviour: 'Dropped without a word; the next packet is answered with RST.',
        source: 'Azure documentation: nat-gateway-resource',
        checkedOn,
        verified: true,
      },
      {
        id: 'azure-firewall',
        name: 'Azure Firewall',
        layer: 4,
        limitSeconds: 240,
        configurable: null,
        behaviour: 'RST for north-south traffic; east-west, 300 s and no RST (known from a blog).',
        source: 'Azure documentation: tcp-session-behavior',
        checkedOn,
        verified: false,
      },
      {
        id: 'gcp-firewall',
        name: 'GCP VPC firewall tracking',
        layer: 4,
        limitSeconds: 600,
        configurable: null,
        behaviour: 'What comes in is refused, so a request that only waits hangs without a word.',
        source: 'Compute Engine documentation: troubleshooting',
        checkedOn,
        verified: true,
      },
      {
        id: 'gcp-cloud-nat',
        name: 'GCP Cloud NAT',
        layer: 4,
        limitSeconds: 1200,
        configurable: 'tcpEstablishedIdleTimeoutSec',
        behaviour: 'Dropped without a word (known from a blog only).',
        source: 'Compute Engine API: tcpEstablishedIdleTimeoutSec',
        checkedOn,
        verified: false,
      },
      {
        id: 'ipvs',
        name: 'IPVS: kube-proxy in IPVS mode, Docker Swarm VIP',
        layer: 4,
        limitSeconds: 900,
        configurable: 'ipvsadm --set, kube-proxy --ipvs-tcp-timeout',
        behaviour: 'The entry goes; later packets are answered with RST or vanish.',
        source: 'Linux net/netfilter/ipvs/ip_vs_proto_tcp.c; kubernetes#84041; moby#37466',
        checkedOn,
        verified: true,
      },
      {
        id: 'nf-conntrack',
        name: 'Linux connection tracking',
        layer: 4,
        limitSeconds: 432_000,
        configurable: 'net.netfilter.nf_conntrack_tcp_timeout_established',
        behaviour: 'The entry is forgotten; what follows depends on the rules of that machine.',
        source: 'Linux documentation: networking/nf_conntrack-sysctl',
        checkedOn,
        verified: true,
      },
      {
        id: 'oci-nlb',
        name: 'Oracle OCI Network Load Balancer',
        layer: 4,
        limitSeconds: 360,
        configurable: 'by listener',
        behaviour: 'Not documented.',
        source: 'Oracle Cloud documentation: configure-idle-timeout',
        checkedOn,
        verified: true,
      },
      {
        id: 'alibaba-nat',
        name: 'Alibaba Cloud NAT Gateway (SNAT)',
        layer: 4,
        limitSeconds: 900,
        configurable: null,
        behaviour: 'Not documented.',
        source: 'Alibaba Cloud NAT Gateway FAQ',
        checkedOn,
        verified: true,
      },
      {
        id: 'istio-sidecar',
        name: 'Istio sidecar, TCP',
        layer: 7,
        limitSeconds: 3600,
        configurable: 'connectionPool.tcp.idleTimeout of a DestinationRule',
        behaviour: 'Closes the connection; keepalive probes do not reset its clock.',
        source: 'istio/api#2999',
        checkedOn,
        verified: true,
      },
      {
        id: 'aws-alb',
        name: 'AWS Application Load Balancer and Classic Load Balancer',
        layer: 7,
        limitSeconds: 60,
        configurable: 'idle_timeout.timeout_seconds, 1 to 4000 s',
        behaviour: 'Closes the connection; keepalive probes do not reset its clock.',
        source: 'Elastic Load Balancing documentation: application load balancer idle timeout',
        checkedOn,
        verified: true,
      },
      {
        id: 'cloudflare',
        name: 'Cloudflare proxy',
        layer: 7,
        limitSeconds: 400,
        configurable: null,
        behaviour: 'Closes an idle client after 400 s, and waits 120 s for the origin to answer.',
        source: 'Cloudflare documentation: connection limits',
        checkedOn,
        verified: true,
      },
      {
        id: 'rfc5382',
        name: 'A NAT that conforms to RFC 5382',
        layer: 4,
        limitSeconds: 7440,
        configurable: 'a conforming NAT may keep it longer, never shorter',
        behaviour: 'Not laid down.',
        source: 'RFC 5382 REQ-5',
        checkedOn,
        verified: true,
      },
    ] satisfies Profile[]
  ).map((profile) => Object.freeze(profile)),
)

/**
 * The layer-4 middlebox with the lowest verified default, the first listed among equals: what a
 * path is taken for when nobody says what stands on it.
 */
export function strictestDefault(among: readonly Profile[] = profiles): Profile {
  return among
    .filter((profile) => profile.layer === 4 && profile.verified)
    .reduce((lowest, profile) => (profile.limitSeconds < lowest.limitSeconds ? profile : lowest))
}

/** The middlebox with this exact id, or undefined. */
export function findProfile(id: string): Profile | undefined {
  return profiles.find((profile) => profile.id === id)
}
