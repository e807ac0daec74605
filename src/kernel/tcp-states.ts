/** By the numbers of the kernel's include/net/tcp_states.h. */
export const TCP_STATES = [
  undefined,
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'close',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'new-syn-received',
] as const

export type TcpState = NonNullable<(typeof TCP_STATES)[number]>

/** What is on the other side of an established connection, or about to be. */
export const CONNECTED_STATES: readonly TcpState[] = [
  'established',
  'syn-sent',
  'fin-wait-2',
  'close-wait',
]

/**
 * What the kernel waits for, get_tcp4_sock() in net/ipv4/tcp_ipv4.c and inet_sk_diag_fill() in
 * net/ipv4/inet_diag.c. `retransmit` and `zero-window` hide whether keepalive is on.
 */
export const TCP_TIMERS = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window'] as const

export type TcpTimer = (typeof TCP_TIMERS)[number]
