import { join } from 'node:path'
import { startProgram } from './start-program'

/** Where a server is started: a network without a way out, and files that are gone afterwards. */
export interface Place {
  /** A folder of this server's own. */
  readonly folder: string
  /** Paths of PEM files for `*.clients.test`. The key may be readable to others: copy it if need be. */
  readonly key: string
  readonly cert: string
  /** The path of what the certificate is to be checked against, which is the certificate. */
  readonly ca: string
  /** The node_modules with the packages of the clients, for stand-ins that are made of some. */
  readonly packages: string
  /**
   * The command line that runs `argv` in the network. The process that this spawns is a helper, and
   * killing it leaves the command, unless that asked to end with its parent.
   */
  inside(argv: readonly string[]): string[]
}

/** A server that listens on 0.0.0.0 in the network. The ports are equal where TLS begins in band. */
export interface RunningServer {
  readonly plain?: number
  readonly tls?: number
  /** What it is, in words: `PostgreSQL 15.14`, or STAND_IN. */
  readonly kind: string
  stop(): Promise<void>
}

/** The kind of what only behaves like a server. */
export const STAND_IN = 'a stand-in'

/** What a module of servers/ exports as `start`. */
export type StartServer = (place: Place) => Promise<RunningServer>

/**
 * Starts the program stand-ins/NAME.cjs, which prints one line of JSON with its ports once it
 * listens: `{"plain": 1234, "tls": 1235}`. Its arguments are the paths of the key and the certificate.
 */
export function standIn(name: string): StartServer {
  return async (place) => {
    const program = join(__dirname, 'stand-ins', `${name}.cjs`)
    const argv = [process.execPath, program, place.key, place.cert]
    const { said, stop } = await startProgram(place, { argv, ready: /^\{.*\}$/m })
    return { ...JSON.parse(said[0]), kind: STAND_IN, stop }
  }
}
