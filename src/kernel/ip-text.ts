/**
 * The eight groups of an IPv6 address as in RFC 5952, or as IPv4 where it is a mapped IPv4 address
 * (RFC 4291, 2.5.5.2), which is how the kernel's other tables name the same socket.
 */
export function formatIpv6Groups(groups: readonly number[]): string {
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (!mapped) return compress(groups)
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.')
}

/** The longest run of two zero groups or more, the first of equals, becomes `::`. */
function compress(groups: readonly number[]): string {
  let from = 0
  let length = 0
  for (let at = 0; at < groups.length; at++) {
    let run = 0
    while (groups[at + run] === 0) run++
    if (run > length) {
      from = at
      length = run
    }
  }
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`
}
