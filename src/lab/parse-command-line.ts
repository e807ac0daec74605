import { parseDuration } from '../settings/duration'
import type { Expiry } from './topology'

export interface CommandLine {
  limitSeconds: number
  expiry: Expiry
  /** Shell commands to start as the server. */
  serve: string[]
  outages: { atMs: number; forMs: number }[]
  flushesAtMs: number[]
  /** The client's command; empty means that help was asked for. */
  command: string[]
}

/** Thrown for a wrong command line; the message is one sentence. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Reads the arguments after `node bin.js`. Everything from COMMAND on is COMMAND's own. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const line: CommandLine = {
    limitSeconds: 5,
    expiry: 'reset',
    serve: [],
    outages: [],
    flushesAtMs: [],
    command: [],
  }
  const rest = [...args]
  while (rest[0]?.startsWith('-')) {
    const argument = rest.shift() as string
    if (argument === '--') break
    if (argument === '--help' || argument === '-h') return { ...line, command: [] }
    const equals = argument.indexOf('=')
    const option = equals < 0 ? argument : argument.slice(0, equals)
    const read = readers[option]
    if (read === undefined) throw new UsageError(`The option ${option} is unknown.`)
    const value = equals < 0 ? rest.shift() : argument.slice(equals + 1)
    if (value === undefined) throw new UsageError(`The option ${option} needs a value.`)
    read(line, value)
  }
  if (rest.length === 0) throw new UsageError('The COMMAND to run as the client is missing.')
  return { ...line, command: rest }
}

const readers: Record<string, (line: CommandLine, value: string) => void> = {
  '--limit': (line, value) => {
    const seconds = milliseconds('--limit', value) / 1000
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86400) {
      throw new UsageError(
        `The option --limit is "${value}", and has to be whole seconds, 1s to 24h.`,
      )
    }
    line.limitSeconds = seconds
  },
  '--expiry': (line, value) => {
    if (value !== 'reset' && value !== 'drop') {
      throw new UsageError(`The option --expiry is "${value}", and has to be reset or drop.`)
    }
    line.expiry = value
  },
  '--serve': (line, value) => {
    line.serve.push(value)
  },
  '--outage': (line, value) => {
    const [at, duration, more] = value.split(':')
    if (at === undefined || duration === undefined || more !== undefined) {
      throw new UsageError(
        `The option --outage is "${value}", and has to be AT:FOR, such as 3s:10s.`,
      )
    }
    line.outages.push({
      atMs: milliseconds('--outage', at),
      forMs: milliseconds('--outage', duration),
    })
  },
  '--flush': (line, value) => {
    line.flushesAtMs.push(milliseconds('--flush', value))
  },
}

function milliseconds(option: string, text: string): number {
  const value = parseDuration(text)
  if (value !== null) return value
  throw new UsageError(
    `The option ${option} has "${text}", which is no duration: give it a unit, such as 5s or 1m.`,
  )
}
