import { type KernelWord, kernelWord } from './kernel-word'
import type { SocketRecord } from './sock-diag'

/** The word on a connection, from its record in a dump of the kernel's sockets. */
export function recordWord(record: SocketRecord): KernelWord {
  const { state, timer, timerMs, retries, txQueue, info, keepaliveDelayMs } = record
  return kernelWord({
    state,
    timer,
    whenMs: timerMs,
    retransmits: info?.retransmits ?? (timer === 'retransmit' ? retries : 0),
    probes: info?.unansweredProbes ?? (timer === 'retransmit' ? 0 : retries),
    txQueue,
    lastAnswerMs: info?.lastAckReceivedMs ?? null,
    leastDelayMs: keepaliveDelayMs,
  })
}
