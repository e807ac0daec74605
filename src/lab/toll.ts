/** What the path has cost a command, as far as its connections show it from outside. */
export interface Toll {
  /** Connections on which something was sent after the NAT had forgotten them. */
  readonly died: number
  /** Those of them on which data was lost for good: a request that never arrived, or an answer. */
  readonly requestsLost: number
  /** Connections that were only closed after the NAT had forgotten them, which costs nothing. */
  readonly closedLate: number
  /**
   * Connections (and attempts to connect) that the client's kernel gave up because nobody answered. A
   * connection that the NAT has forgotten and that is given up for that is in both counts.
   */
  readonly gaveUp: number
}

/** `sets` is what tollScript of the topology prints, `netstat` the client's /proc/net/netstat. */
export function readToll(sets: string, netstat: string): Toll {
  const members = new Map(
    sets
      .split(/^set (?=\w+$)/m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), membersOf(text)]),
  )
  const of = (name: string): ReadonlySet<string> => {
    const found = members.get(name)
    if (found === undefined) throw new Error(`The NAT does not tell which connections ${name}.`)
    return found
  }
  const died = of('died')
  return {
    died: died.size,
    requestsLost: of('requests').size,
    closedLate: [...of('closed')].filter((one) => !died.has(one)).length,
    gaveUp: counterOf(netstat, 'TCPAbortOnTimeout'),
  }
}

function membersOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/\b\d+ \. [\d.]+ \. \d+\b/g))
}

/** A counter of TcpExt: a line of names is followed by one of values (proc_pid_net(5)). */
function counterOf(netstat: string, name: string): number {
  const [names = [], values = []] = netstat
    .split('\n')
    .filter((line) => line.startsWith('TcpExt: '))
    .map((line) => line.split(' '))
  const value = Number(values[names.indexOf(name)])
  if (!Number.isInteger(value)) throw new Error(`The kernel does not count ${name}.`)
  return value
}
