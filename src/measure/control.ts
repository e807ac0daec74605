import type { ProcFs } from '../kernel/proc-fs'
import { CONTROL_MS } from './ladder'
import { probeWord, sightOf } from './probe-sight'
import { climb, type Rung } from './rung'
import { openSilent, type SilentConnection } from './silent-connection'

/** How often the control is probed, and how often it is looked at. */
const EVERY_SECONDS = 1
const LOOK_MS = 200

/**
 * A connection that is probed again and again, as long as anything is measured: while it is answered,
 * the path is open, the peer lives, and probes come through.
 */
export class Control {
  readonly #connection: SilentConnection
  readonly #proc: ProcFs
  readonly #port: number
  #answeredAt: number | null = null
  #timer: NodeJS.Timeout | null = null
  #rung: Rung | null = null

  private constructor(connection: SilentConnection, proc: ProcFs, port: number) {
    this.#connection = connection
    this.#proc = proc
    this.#port = port
  }

  /** Opens it. Rejects where that is impossible. */
  static async open(
    target: { readonly address: string; readonly port: number },
    proc: ProcFs,
    stop: AbortSignal,
  ): Promise<Control> {
    return new Control(await openSilent(target, stop), proc, target.port)
  }

  /** What came of its own first probe, null before that. */
  get rung(): Rung | null {
    return this.#rung
  }

  /** How it ended meanwhile; null while it is open. */
  get end(): SilentConnection['end'] {
    return this.#connection.end
  }

  /** The silence of two seconds, which no path forgets in: what comes of its probe. */
  async prove(stop: AbortSignal): Promise<Rung> {
    const before = sightOf(this.#proc, this.#connection.localPort, this.#port)
    if (!before.known) throw new Error(before.why)
    if (before.value === undefined) throw new Error(UNSEEN)
    if (before.value.timer === 'keepalive') throw new Error(KEPT)
    const witness = { proc: this.#proc, port: this.#port, controlAnswered: () => true }
    const rung = await climb(this.#connection, CONTROL_MS, witness, stop)
    this.#rung = rung
    if (rung.outcome !== 'answered') return rung
    this.#connection.probe(EVERY_SECONDS)
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    return rung
  }

  /** Whether a probe was answered that was sent after `sinceMs` on performance.now()'s clock. */
  answeredSince(sinceMs: number): boolean {
    return this.#answeredAt !== null && this.#answeredAt > sinceMs
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#connection.close()
  }

  /** A probe that is not answered stands in the count until it is; the last went out a second ago. */
  #look(): void {
    if (this.#connection.end !== null) return
    const sight = sightOf(this.#proc, this.#connection.localPort, this.#port)
    if (!sight.known || probeWord(sight.value) !== 'answered') return
    this.#answeredAt = performance.now() - EVERY_SECONDS * 1_500
  }
}

const UNSEEN =
  "the kernel's table of connections does not show those of this process, as in gVisor: what came of a probe cannot be seen here"

const KEPT =
  'something in this process switches keepalive on by itself (LD_PRELOAD, another hook in NODE_OPTIONS): nothing is silent here'
