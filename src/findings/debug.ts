type Debug = (format: string, ...args: unknown[]) => void

const silent: Debug = () => {}

/** The `debug` function for `nat-keepalive:<name>`; the package is loaded only when DEBUG asks for it. */
export function createDebug(name: string): Debug {
  if (!/(^|[\s,])(\*|nat)/i.test(process.env.DEBUG ?? '')) return silent
  try {
    return (require('debug') as typeof import('debug'))(`nat-keepalive:${name}`)
  } catch {
    return silent
  }
}
