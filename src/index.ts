import type { Socket } from 'node:net'
import { type Channels, channels as internalChannels } from './findings/channels'
import { emit } from './findings/emit'
import { hookFinding } from './findings/hook-finding'
import { type Counters, countersOf } from './hook/counters'
import { createInstallation } from './hook/installation'
import { type Installation, installed } from './hook/installed'
import { oncePerPart } from './hook/part'
import { startUp, tellOfFailure, tellOfOtherVersion, tellOfProblems } from './hook/startup'
import { environment } from './kernel/environment'
import { createProcFs } from './kernel/proc-fs'
import { guarded } from './process/guarded'
import { createLaterOutside } from './process/later'
import { version } from './process/version'
import { buildReport } from './report/build-report'
import type { Report } from './report/report'
import { applyOptions, type Config, parseConfig } from './settings/config'

export type { Channels, MessageChannel } from './findings/channels'
export type {
  Applied,
  DyingMessage,
  IdleMessage,
  KernelData,
  KernelMessage,
  LostMessage,
  Message,
  Messages,
  OverrideMessage,
  ProtectMessage,
} from './findings/messages'
export type { Counters, LossCode } from './hook/counters'
export type { Report } from './report/report'
export type { Config } from './settings/config'
export { type Profile, profiles } from './settings/profiles'

// Made here and not by install(), which a program may call within a request.
const later = createLaterOutside()

/**
 * Protects the outbound sockets of this process from now on, and those that are open already.
 * `options` win over the environment; their durations are milliseconds. Where the hook is in place
 * already (by the preload, or an earlier call), this joins it, and its settings stay.
 *
 * Returns the uninstall, which leaves later wrappers of others alone, does nothing the second time,
 * and takes the hook away only when everybody who installed it has uninstalled. Never throws: a
 * failure and refused options are told as warnings (NKA001, NKA002).
 */
export function install(options?: Partial<Config>): () => void {
  return tryToInstall(options) ?? (() => {})
}

const tryToInstall = guarded(
  'install',
  (options: Partial<Config> | undefined) => {
    const uninstall = installOrJoin(options)
    return uninstall && guarded('uninstall', uninstall)
  },
  (error) => {
    tellOfFailure(error)
    return undefined
  },
)

function installOrJoin(options: Partial<Config> | undefined): (() => void) | undefined {
  const present = installed()
  if (present !== undefined) return join(present, options)
  const given = parseConfig(environment())
  if (!given.config.enabled) return undefined
  const { config, problems } = applyOptions(given.config, options)
  if (!config.enabled) return undefined
  const installation = createInstallation({
    config: () => config,
    later,
    onError: oncePerPart(tellOfFailure),
  })
  installation.begin(config)
  const uninstall = installation.acquire()
  startUp({ config, problems: [...given.problems, ...problems] }, false)
  installation.hook()?.adopt()
  return uninstall
}

/** What is known of the outbound connections of this process, on the kernel's word: plain data. */
export function report(): Report {
  return buildReport(installed()?.hook() ?? null, createProcFs())
}

/**
 * What is counted here, without asking the kernel: for metrics, as often as they want. Null where the
 * hook is not installed, or has been uninstalled.
 */
export function counters(): Counters | null {
  const hook = installed()?.hook()
  return hook ? countersOf(hook) : null
}

/**
 * The diagnostics channels, with types: each message has a code, a message and data. They are those
 * of `node:diagnostics_channel` under `nat-keepalive:protect` and so on, which any copy of this
 * package speaks on.
 */
export const channels: Channels = internalChannels

/** Leaves this socket alone from now on: what is set on it stays, and its next calls are its own. */
export function exempt(socket: Socket): void {
  tryToExempt(socket)
}

const tryToExempt = guarded('exempt', (socket: Socket) => installed()?.hook()?.exempt(socket))

function join(present: Installation, options: Partial<Config> | undefined): () => void {
  if (present.version !== version) tellOfOtherVersion(present.version)
  const config = present.hook()?.config
  if (config !== undefined && options !== undefined) {
    const wanted = applyOptions(config, options)
    tellOfProblems(wanted.problems, config.format)
    if (JSON.stringify(wanted.config) !== JSON.stringify(config)) {
      const text =
        'The options of install() are not in force: the hook was installed before, and its ' +
        'settings stay. Set the NAT_KEEPALIVE_* variables, or install from code alone.'
      emit(hookFinding(text), config.format)
    }
  }
  return present.acquire()
}
