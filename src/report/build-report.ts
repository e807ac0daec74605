import { descriptorOf } from '../connections/descriptor-of'
import { Registry } from '../connections/registry'
import { waitingRequest } from '../connections/waiting-request'
import type { Hook } from '../hook/hook'
import { judgeEntry, surroundings } from '../judge/judge-entry'
import { askKernel } from '../kernel/ask-kernel'
import { environment } from '../kernel/environment'
import { loadNative, type NativePart } from '../kernel/native'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { SocketFacts } from '../kernel/socket-facts'
import { readOptions } from '../kernel/socket-options'
import { readKeepaliveSysctls } from '../kernel/sysctl'
import { clock } from '../process/clock'
import { atOnce } from '../process/steps'
import { version } from '../process/version'
import { type Config, parseConfig } from '../settings/config'
import { foreignNow } from '../watch/native-auditor'
import {
  appliedOf,
  type Report,
  type ReportedSocket,
  reportedForeign,
  reportedSysctls,
  reportedVerdict,
  reportedWord,
} from './report'

/**
 * The report of this process. Reads the kernel's table at once, so it takes about 4 us for each
 * connection of the network namespace. Where there is no hook every connection is a foreign one.
 */
export function buildReport(hook: Hook | null, proc: ProcFs): Report {
  const registry = hook?.registry ?? new Registry()
  const config: Config = hook?.config ?? parseConfig(environment()).config
  const native = loadNative(config.native)
  const { sockets, skipped } = reportSockets(registry, config, proc, native)
  const foreign = foreignNow(registry, proc, config, hook?.upkeep.watch.foreign.looks)
  return {
    schema: 2,
    version,
    native: native.known ? 'loaded' : native.why,
    node: process.versions.node,
    pid: process.pid,
    takenAt: new Date().toISOString(),
    settings: hook === null ? null : { ...config, exclude: [...config.exclude] },
    kernel: { ...reportedSysctls(readKeepaliveSysctls(proc)), skippedLines: skipped },
    counters: hook === null ? null : reportedCounters(hook),
    learned:
      hook === null ? null : hook.upkeep.watched ? [...hook.upkeep.watch.auditor.learned] : [],
    sockets,
    foreign: foreign.known ? foreign.value.map(reportedForeign) : null,
    foreignWhy: foreign.known ? null : foreign.why,
  }
}

function reportedCounters(hook: Hook): Report['counters'] {
  const { registry } = hook
  // What has never looked has told nothing, and may not be loadable.
  const watch = hook.upkeep.watched ? hook.upkeep.watch : undefined
  return {
    opened: registry.added,
    open: [...registry.open()].length,
    idleWarnings: watch?.auditor.counters.idle ?? 0,
    foreignWarnings: watch?.foreign.told ?? 0,
    lost: watch?.auditor.counters.lost ?? 0,
  }
}

function reportSockets(
  registry: Registry,
  config: Config,
  proc: ProcFs,
  native: Reading<NativePart>,
) {
  const open = [...registry.open()].filter(([, { connecting }]) => !connecting)
  const words = atOnce(
    askKernel(
      proc,
      open.map(([, socket]) => socket),
      native,
    ),
  )
  const around = surroundings(proc, config)
  const now = clock()
  const facts = new SocketFacts()
  const sockets = open.map(([entry, socket]): ReportedSocket => {
    const word = words.of(socket)
    const options = native.known ? readOptions(native.value, facts, descriptorOf(socket)) : null
    const { asked, openedAt } = entry
    const { host, port } = entry.endpoint
    const { bytesRead, bytesWritten } = socket
    return {
      id: entry.id,
      remote: { host, address: socket.remoteAddress ?? null, port: socket.remotePort ?? port },
      local: { address: socket.localAddress ?? null, port: socket.localPort ?? null },
      openedAt: openedAt === null ? null : new Date(Date.now() - (now - openedAt)).toISOString(),
      idleMs: registry.idleMs(entry, socket),
      bytesRead,
      bytesWritten,
      asked: asked && { ...asked },
      applied: appliedOf(entry.decision),
      kernel: reportedWord(word, options),
      ...reportedVerdict(judgeEntry(entry, word, around, options)),
      opener: { ...entry.opener },
      request: waitingRequest(socket),
    }
  })
  return { sockets, skipped: words.skipped }
}
