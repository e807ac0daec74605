/**
 * The most that the kernel takes: MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL, in seconds, and
 * MAX_TCP_KEEPCNT, Linux include/net/tcp.h.
 */
export const KERNEL_MAXIMA = { seconds: 32_767, probes: 127 } as const
