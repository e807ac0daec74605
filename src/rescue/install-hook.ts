import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcFs } from '../kernel/proc-fs'
import { socketFds } from '../kernel/socket-fds'
import { tcpTable } from '../kernel/tcp-table'
import type { ProcessAudit } from '../outside/outside-auditor'
import { atOnce } from '../process/steps'
import { openInspector } from './inspector-session'
import type { WantedSchedule } from './keepalive-plan'
import type { Refusal } from './refusal'
import { signalOwner } from './signal-owner'

/** What came of bringing the hook into a running process. */
export interface InstalledHook {
  /** Of the package that it has now. */
  readonly version: string
  /** Whether the hook was there already: then nothing was installed. */
  readonly before: boolean
  /** Connections of JavaScript that the hook knows now. */
  readonly open: number
  /** When the signal was sent, ISO 8601; null where the inspector was open already. */
  readonly signalledAt: string | null
  readonly port: number
  /** Whether the inspector was seen to be closed again; null where it was open before. */
  readonly closed: boolean | null
  /** What report() says in it. */
  readonly report: unknown
}

export interface InstallOptions {
  /** The folder of the package, as the process sees it. */
  readonly folder: string
  readonly wanted: WantedSchedule
}

/** The folder in which a process sees this package, of those that may be it; null: in none. */
export function packageThere(proc: ProcFs, pid: number, folders: readonly string[]): string | null {
  const found = folders.find((folder) => {
    const manifest = proc.read(`${pid}/root${folder}/package.json`)
    return (
      manifest.known &&
      /"name":\s*"nat-keepalive"/.test(manifest.value) &&
      proc.isFile(`${pid}/root${folder}/dist/index.js`)
    )
  })
  return found ?? null
}

/**
 * Why the hook cannot be brought into this process through its inspector; null where nothing speaks
 * against it. Changes nothing.
 */
export function refuseInstall(proc: ProcFs, audit: ProcessAudit, sure: boolean): Refusal | null {
  const pid = audit.pid as number
  if (audit.node === false) {
    return {
      why: 'it is not Node, as far as the name of its file tells',
      action: 'Rescue its connections without --install, which works in any language.',
    }
  }
  const [theirs, ours] = [proc.link(`${pid}/ns/net`), proc.link('self/ns/net')]
  if (theirs.known && ours.known && theirs.value !== ours.value) {
    return {
      why: 'it is in another network namespace, where its loopback is',
      action: 'Run this in its container, by `kubectl exec` or `docker exec`.',
    }
  }
  const line = proc.read(`${pid}/cmdline`)
  const environment = proc.read(`${pid}/environ`)
  const options = environment.known
    ? (/(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(environment.value)?.[1] ?? '')
    : ''
  if (`${line.known ? line.value : ''} ${options}`.includes('--disable-sigusr1')) {
    return {
      why: 'it was started with --disable-sigusr1',
      action: 'Rescue its connections without --install, and start it again with the hook.',
    }
  }
  const signal = signalOwner(proc, pid)
  if (signal.owner === 'inspector') return null
  if (signal.owner === 'unknown') {
    if (sure) return null
    return {
      why: `whether the program has a handler of its own for SIGUSR1 cannot be seen: ${signal.why}`,
      action: 'If you know that it has none, add --sigusr1.',
    }
  }
  return {
    why:
      signal.owner === 'program'
        ? 'the program has a handler of its own for SIGUSR1, which would run in place of the inspector'
        : 'nothing in it handles SIGUSR1, which would end it',
    action: 'Rescue its connections without --install, and start it again with the hook.',
  }
}

/** Where Node listens without --inspect-port. */
const USUAL_PORT = 9229

/** Brings the hook into a process of Node. Throws with a sentence where that fails. */
export async function installHook(
  proc: ProcFs,
  pid: number,
  { folder, wanted }: InstallOptions,
): Promise<InstalledHook> {
  const before = listening(proc, pid)
  const open = before.own.get(USUAL_PORT) !== undefined
  if (!open && before.all.has(USUAL_PORT)) {
    throw new Error(
      `Another process listens on the port ${USUAL_PORT}, so that its inspector could not.`,
    )
  }
  const signalledAt = open ? null : new Date().toISOString()
  if (!open) process.kill(pid, 'SIGUSR1')
  const port = open ? USUAL_PORT : await newPort(proc, pid, before.own)
  const session = await openInspector(port)
  try {
    const said = await session.evaluate(installation(folder, wanted))
    if (!open) await session.evaluate(CLOSE)
    session.close()
    const closed = open ? null : await isClosed(proc, pid, port)
    return { ...(JSON.parse(String(said)) as Told), signalledAt, port, closed }
  } finally {
    session.close()
  }
}

type Told = Pick<InstalledHook, 'version' | 'before' | 'open' | 'report'>

/** In the inspector's scope there is a require(), for CommonJS and for modules. */
function installation(folder: string, wanted: WantedSchedule) {
  const { limitMs, delayMs, intervalMs, probes, userTimeoutMs } = wanted
  const options = JSON.stringify({ limitMs, delayMs, intervalMs, probes, userTimeoutMs })
  return `(() => {
    const nat = require(${JSON.stringify(`${folder}/dist/index.js`)})
    const before = nat.report().settings !== null
    if (!before) nat.install(${options})
    const report = nat.report()
    return JSON.stringify({ version: report.version, before, open: report.sockets.length, report })
  })()`
}

/** After the answer has left: it waits for its sessions to end. */
const CLOSE = `(() => {
  const { close } = require('node:inspector')
  setTimeout(close, 20)
})()`

const POLL_MS = 50
const LONGEST_MS = 5_000

async function newPort(
  proc: ProcFs,
  pid: number,
  before: ReadonlyMap<number, number>,
): Promise<number> {
  for (let waited = 0; waited < LONGEST_MS; waited += POLL_MS) {
    await sleep(POLL_MS)
    for (const port of listening(proc, pid).own.keys()) if (!before.has(port)) return port
  }
  throw new Error('Its inspector did not open: its event loop may be busy, or its port taken.')
}

async function isClosed(proc: ProcFs, pid: number, port: number): Promise<boolean> {
  for (let waited = 0; waited < LONGEST_MS; waited += POLL_MS) {
    await sleep(POLL_MS)
    if (!listening(proc, pid).own.has(port)) return true
  }
  return false
}

/** The ports on which somebody listens in its network namespace, and those of this process. */
function listening(proc: ProcFs, pid: number) {
  const fds = atOnce(socketFds(proc, pid))
  if (!fds.known) throw new Error(`Its descriptors cannot be read: ${fds.why}.`)
  const inodes = new Set(fds.value.map(({ inode }) => inode))
  const own = new Map<number, number>()
  const all = new Set<number>()
  const scan = atOnce(
    tcpTable(proc, pid, {
      wanted: (_port, _inode, state) => state === 'listen',
      visit({ localPort, inode }) {
        all.add(localPort)
        if (inodes.has(inode)) own.set(localPort, inode)
      },
    }),
  )
  if (!scan.known) throw new Error(`The kernel's table cannot be read: ${scan.why}.`)
  return { own, all }
}
