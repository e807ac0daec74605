/** Milliseconds since the process started. Test frameworks that replace clocks leave it alone. */
export function uptimeMs(): number {
  return process.uptime() * 1_000
}

/** The same in whole milliseconds: monotonic, and a small integer for 24 days. */
export function clock(): number {
  return Math.trunc(uptimeMs())
}
