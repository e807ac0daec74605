import { TCP_STATES, type TcpState } from './tcp-states'

/**
 * What the kernel knows of a connection: struct tcp_info, include/uapi/linux/tcp.h, with fields at
 * the same place since Linux 4.6. A window onto words that somebody else fills.
 */
export class TcpInfo {
  /** Of a little-endian machine, as all are for which there is a native part. */
  words: Uint32Array
  /** The index of the first word. */
  at: number

  constructor(words: Uint32Array, at = 0) {
    this.words = words
    this.at = at
  }

  /** Undefined for a number that has no name. */
  get state(): TcpState | undefined {
    return TCP_STATES[this.#byte(0)]
  }

  /** How often the oldest data that nobody acknowledged has been sent again. */
  get retransmits(): number {
    return this.#byte(2)
  }

  /** Probes, of keepalive or of a closed window, that nobody has answered yet. */
  get unansweredProbes(): number {
    return this.#byte(3)
  }

  /** How often the time until the next retransmission or window probe has been doubled. */
  get backoff(): number {
    return this.#byte(4)
  }

  /** Segments that were sent and not acknowledged; of a listening socket, those not yet accepted. */
  get unackedSegments(): number {
    return this.#word(6)
  }

  get lastDataSentMs(): number {
    return this.#word(11)
  }

  get lastDataReceivedMs(): number {
    return this.#word(13)
  }

  /** Since the last segment with an acknowledgement, which the answer to a keepalive probe is. */
  get lastAckReceivedMs(): number {
    return this.#word(14)
  }

  /** Since anything at all came from the peer. */
  get silenceMs(): number {
    return Math.min(this.lastDataReceivedMs, this.lastAckReceivedMs)
  }

  /** Smoothed, in microseconds; 0 before the first measurement. */
  get roundTripUs(): number {
    return this.#word(17)
  }

  /** Retransmissions in the life of the connection. */
  get totalRetransmits(): number {
    return this.#word(25)
  }

  /** Segments sent in the life of the connection, keepalive probes among them, modulo 2 ** 32. */
  get segmentsOut(): number {
    return this.#word(34)
  }

  /** Segments received in the life of the connection, modulo 2 ** 32. */
  get segmentsIn(): number {
    return this.#word(35)
  }

  #word(index: number): number {
    return this.words[this.at + index] ?? 0
  }

  #byte(index: number): number {
    return (this.#word(index >> 2) >>> (8 * (index & 3))) & 0xff
  }
}
