/**
 * The identity of a socket in its network namespace, SO_COOKIE of socket(7), as a number: never that
 * of another socket, and the same in a dump of the kernel's sockets. 0 where the kernel has none.
 *
 * The kernel counts from 0 upwards, and in interrupts from 2 ** 64 downwards (gen_cookie_next(),
 * include/linux/cookie.h); the latter become small negative numbers, so that all are exact.
 */
export function socketCookie(low: number, high: number): number {
  return (high | 0) * 4_294_967_296 + low
}
