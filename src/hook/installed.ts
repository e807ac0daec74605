import { Socket } from 'node:net'
import type { Hook } from './hook'

/** The one hook of a process, shared by every copy of this package that is loaded into it. */
export interface Installation {
  readonly version: string
  /** The hook, or null where it could not be loaded. */
  hook(): Hook | null
  /** One user more; the returned function takes it back, and the last one unpatches. */
  acquire(): () => void
}

const KEY = Symbol.for('nat-keepalive.1')

/** On what is patched, which test runners with a global object for each file have once too. */
const homes = [Socket.prototype, globalThis] as unknown as Record<symbol, unknown>[]

/** The installation of this process, by whichever copy it was made. */
export function installed(): Installation | undefined {
  for (const home of homes) if (home[KEY] !== undefined) return home[KEY] as Installation
  return undefined
}

/** From now on it is the one of this process. Returns what takes it back. */
export function announce(installation: Installation): () => void {
  for (const home of homes) {
    Object.defineProperty(home, KEY, { value: installation, configurable: true })
  }
  return () => {
    for (const home of homes) if (home[KEY] === installation) delete home[KEY]
  }
}
