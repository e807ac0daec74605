import { createProcFs } from '../kernel/proc-fs'
import { type ProbeTimer, readProbeTimer } from './probe-timer'
import { type Program, type Service, startClient, startHere, startService } from './program'

/** One request that waits, without the hook and with it. */
export interface Loopback {
  readonly without: ProbeTimer
  readonly with: ProbeTimer
}

// Longer than anybody looks: the programs are ended first.
const answerAfterMs = 60_000

/** Part one: two programs wait for an answer from loopback, and the kernel is asked about them. */
export async function measureLoopback(signal: AbortSignal): Promise<Loopback> {
  const start = startHere(signal)
  const programs: Program[] = []
  try {
    const service = await startService(start, '127.0.0.1', answerAfterMs)
    programs.push(service)
    const clients = [false, true].map((withHook) =>
      startClient(start, service, { path: '/', withHook, giveUpMs: answerAfterMs }),
    )
    programs.push(...clients)
    const [without, withHook] = await Promise.all(clients.map((client) => look(client, service)))
    return { without: without as ProbeTimer, with: withHook as ProbeTimer }
  } finally {
    await Promise.all(programs.map((program) => program.end()))
  }
}

async function look(client: Program, service: Service): Promise<ProbeTimer> {
  const { localPort } = await client.hears('asked')
  const proc = createProcFs()
  return readProbeTimer(async () => proc.read(`${client.pid}/net/tcp`), localPort, service.port)
}
