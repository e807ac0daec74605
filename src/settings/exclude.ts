import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'

interface Address {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  /** The interface of a link-local address (`eth0` of fe80::1%eth0), '' where none is given. */
  readonly zone: string
}

/** One entry of NAT_KEEPALIVE_EXCLUDE, taken apart. */
export type ExcludeRule = {
  /** The entry as written, without the blanks around it. */
  readonly text: string
  /** Null: every port. */
  readonly port: number | null
} /** `*:5432`: every host. */ & (
  | { readonly kind: 'any' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'suffix'; readonly suffix: string }
  | ({ readonly kind: 'network'; readonly prefix: number } & Address)
)

/** The rules, ready to be asked. Both questions answer with the first rule that matches, or null. */
export interface Exclude {
  readonly empty: boolean
  /** Whether a host that no rule matches has to be asked about again once its address is known. */
  needsAddress(host: string): boolean
  /** About the host a program asked for: a name or a literal address. */
  host(host: string, port: number): string | null
  /** About the address that was connected to; what is no address matches nothing. */
  address(address: string, port: number): string | null
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const digits = /^\d+$/
/** 0.0.0.0, :: and how else they are written: who connects there reaches loopback. */
const anyAddress = /^(::ffff:)?[0:.]+$/i

/**
 * Reads one entry: `db.internal`, `*.internal` (every depth of subdomain, not `internal` itself),
 * `10.1.2.3`, `10.0.0.0/8`, `::1`, `fd00::/8`, each with an optional `:port`, for which IPv6 stands
 * in brackets: `[fd00::1]:5432`, `[fd00::/8]:443`. Null where it is none of these.
 *
 * Names are ASCII (`xn--` for the rest). A zone (`fe80::1%eth0`) narrows a rule to that interface.
 */
export function parseExcludeRule(text: string): ExcludeRule | null {
  const rule = text.trim()
  const bracketed = /^\[([^[\]]*)\](?::(\d{1,5}))?$/.exec(rule)
  // More than one colon without brackets can only be IPv6, and that leaves no room for a port.
  const plain = /^([^:]*)(?::(\d{1,5}))?$/.exec(rule) ?? ['', rule, undefined]
  const [, target = '', portText] = bracketed ?? plain
  const port = portText === undefined ? null : Number(portText)
  if (port !== null && (port < 1 || port > 65535)) return null

  // Without a port it would be another way to switch the hook off.
  if (target === '*')
    return port === null || bracketed !== null ? null : { text: rule, port, kind: 'any' }
  const network = parseNetwork(target)
  if (network !== null) {
    if (bracketed !== null && isIPv4(target.split('/', 1)[0] ?? '')) return null
    return { text: rule, port, kind: 'network', ...network }
  }
  if (bracketed !== null) return null
  const name = normalName(target)
  if (name.startsWith('*.')) {
    return isName(name.slice(2))
      ? { text: rule, port, kind: 'suffix', suffix: name.slice(1) }
      : null
  }
  return isName(name) ? { text: rule, port, kind: 'name', name } : null
}

/** Makes the rules askable; what `parseExcludeRule` refuses is left out. */
export function compileExclude(rules: readonly string[]): Exclude {
  const parsed = rules.map(parseExcludeRule).filter((rule) => rule !== null)
  const tests = parsed.map((rule) => ({ rule, covers: networkTest(rule) }))
  const hasNetworks = parsed.some((rule) => rule.kind === 'network')

  const address = (text: string, port: number): string | null => {
    const wanted = parsed.length === 0 ? null : parseAddress(unbracketed(text))
    if (wanted === null) return null
    const found = tests.find(
      ({ rule, covers }) => onPort(rule, port) && (rule.kind === 'any' || covers?.(wanted)),
    )
    return found?.rule.text ?? null
  }

  const host = (text: string, port: number): string | null => {
    if (parsed.length === 0) return null
    if (isIP(unbracketed(text)) !== 0) return address(text, port)
    const name = normalName(text)
    return parsed.find((rule) => onPort(rule, port) && matchesName(rule, name))?.text ?? null
  }

  return {
    empty: parsed.length === 0,
    needsAddress: (text) => hasNetworks && (isIP(text) === 0 || anyAddress.test(text)),
    host,
    address,
  }
}

function onPort(rule: ExcludeRule, port: number): boolean {
  return rule.port === null || rule.port === port
}

function matchesName(rule: ExcludeRule, name: string): boolean {
  if (rule.kind === 'any') return true
  if (rule.kind === 'name') return name === rule.name
  return rule.kind === 'suffix' && name.length > rule.suffix.length && name.endsWith(rule.suffix)
}

function networkTest(rule: ExcludeRule): ((wanted: Address) => boolean) | null {
  if (rule.kind !== 'network') return null
  const list = new BlockList()
  list.addSubnet(rule.address, rule.prefix, rule.family)
  // BlockList itself lets the two families meet; here a mapped address is IPv4 and nothing else.
  return (wanted) =>
    wanted.family === rule.family &&
    (rule.zone === '' || rule.zone === wanted.zone) &&
    list.check(wanted.address, wanted.family)
}

function parseNetwork(text: string): ({ readonly prefix: number } & Address) | null {
  const [addressText = '', prefixText, ...rest] = text.split('/')
  const parsed = parseAddress(addressText)
  if (parsed === null || rest.length > 0) return null
  const bits = parsed.family === 'ipv4' ? 32 : 128
  if (prefixText === undefined) return { ...parsed, prefix: bits }
  if (!digits.test(prefixText) || prefixText.length > 3) return null
  // The prefix of ::ffff:10.0.0.0/104 counts the 96 bits that say "this is IPv4".
  const mapped = parsed.family === 'ipv4' && addressText.includes(':')
  const prefix = Number(prefixText) - (mapped ? 96 : 0)
  return prefix >= 0 && prefix <= bits ? { ...parsed, prefix } : null
}

/** An address in its one canonical spelling, ::ffff:10.1.2.3 as the IPv4 address it stands for. */
function parseAddress(text: string): Address | null {
  const family = isIP(text)
  if (family === 0) return null
  if (family === 4) return { address: text, family: 'ipv4', zone: '' }
  const [plain = '', zone = ''] = text.split('%', 2)
  const { address } = new SocketAddress({ address: plain, family: 'ipv6' })
  const tail = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : ''
  if (isIPv4(tail)) return { address: tail, family: 'ipv4', zone: '' }
  return { address, family: 'ipv6', zone }
}

function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

function normalName(text: string): string {
  const name = text.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function isName(name: string): boolean {
  const labels = name.split('.')
  // A name that ends in a number is an address with a mistake in it: 10.1.2, 10.1.2.300.
  return (
    name.length <= 253 &&
    labels.every((part) => label.test(part)) &&
    !digits.test(labels.at(-1) ?? '')
  )
}
