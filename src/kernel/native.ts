import { getSystemErrorName } from 'node:util'
import { findAddonFile } from './addon-file'
import { notKnown, type Reading } from './proc-fs'

/**
 * The functions of native/nat-keepalive.c. None throws, waits, or calls back. Each returns 0 or more,
 * or the negative number of an error (`errorName`): -EINVAL for arguments that are not what it takes.
 * Descriptors are those of the process: that of a socket of Node's is `socket._handle.fd`.
 */
export interface NativePart {
  /**
   * Switches keepalive of a TCP socket on (1) or off (0) and sets its schedule; LEAVE leaves a value
   * as it is. 1 to 32767 s each, 1 to 127 probes, 0 (none) or more for TCP_USER_TIMEOUT.
   *
   * Only what differs is written, so that it may be repeated without a probe that nobody wanted.
   * Where it switches on, the silence so far counts: a connection that has been idle for longer than
   * `idleSeconds` gets a probe at once. When it fails, what it had written before stays.
   */
  setKeepalive(
    fd: number,
    on: 0 | 1,
    idleSeconds: number,
    intervalSeconds: number,
    probes: number,
    userTimeoutMs: number,
  ): number
  /** Fills 64 words with what the kernel says of a TCP socket: SocketFacts reads them. */
  readSocket(fd: number, words: Uint32Array): number
  /**
   * Begins a dump of the TCP sockets in this network namespace, with a descriptor of its own, which
   * it returns: `family` 2 (IPv4) or 10 (IPv6), a bit for each state. SocketDump does all of it.
   */
  openDump(family: number, states: number): number
  /** Puts the next netlink messages into an array of 8 KiB or more, and returns their bytes. */
  receiveDump(fd: number, bytes: Uint8Array): number
  /** Closes a descriptor of openDump(); fs.closeSync() warns of it in a worker. */
  closeDump(fd: number): number
  /** A descriptor that stands for a process, pidfd_open(2). fs.closeSync() closes it. */
  openProcess(pid: number): number
  /**
   * A duplicate of a descriptor of the process that openProcess() opened, pidfd_getfd(2), with
   * -EPERM where this process may not trace that one. To be closed soon, with fs.closeSync(): if the
   * other closes its own meanwhile, the connection ends with ours.
   */
  takeDescriptor(process: number, fd: number): number
}

/** For setKeepalive(): leaves a value as it is. */
export const LEAVE = -1

/** What loading depends on; tests name others. */
export interface NativeHost {
  /** The folder of the code that loads, in dist; null in a program bundled as ES modules. */
  readonly folder: string | null
  readonly platform: string
  readonly arch: string
  readonly versions: NodeJS.Dict<string>
}

let loaded: Reading<NativePart> | undefined

/**
 * The native part, or why there is none: then everything goes on without it. Loads the file at the
 * first call and never again. Not `wanted`: says that it is switched off, and loads nothing. Never
 * throws.
 */
export function loadNative(wanted = true): Reading<NativePart> {
  if (!wanted) return notKnown('NAT_KEEPALIVE_NATIVE is off')
  loaded ??= openNative({
    folder: typeof __dirname === 'undefined' ? null : __dirname,
    platform: process.platform,
    arch: process.arch,
    versions: process.versions,
  })
  return loaded
}

/** Loads the file anew. Never throws. */
export function openNative({ folder, platform, arch, versions }: NativeHost): Reading<NativePart> {
  const other = ['bun', 'deno'].find((name) => versions[name] !== undefined)
  if (other !== undefined) return notKnown(`this is ${other} and not Node`)
  if (folder === null)
    return notKnown('this program was bundled, and the file is not in the bundle')
  const file = findAddonFile(folder, platform, arch)
  if (!file.known) return file
  try {
    const module = { exports: {} as Partial<NativePart> }
    process.dlopen(module, file.value)
    return { known: true, value: module.exports as NativePart }
  } catch (error) {
    return notKnown(refusal(file.value, error as NodeJS.ErrnoException | undefined))
  }
}

function refusal(file: string, error: NodeJS.ErrnoException | undefined): string {
  const message = String(error?.message ?? error).split('\n', 1)[0] as string
  if (error?.code === 'ERR_DLOPEN_DISABLED') {
    // Node 20 has the property with --experimental-permission only, later ones with --permission.
    return 'permission' in process
      ? "Node's permission model allows no addons here: it takes --allow-addons"
      : 'Node was started with --no-addons'
  }
  return /failed to map segment|not permitted|[Pp]ermission denied/.test(message)
    ? `${file} may not be mapped to be executed, as from a file system mounted noexec (${message})`
    : `${file} could not be loaded (${message})`
}

/** The name of the error that a function of the native part returned: `EPERM`. */
export function errorName(result: number): string {
  try {
    return getSystemErrorName(result)
  } catch {
    return `error ${result}`
  }
}
