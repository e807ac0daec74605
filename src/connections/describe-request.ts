import { printable } from '../process/printable'
import type { RequestNaming } from '../settings/setting'

/** A request that waits for its answer: nothing of it that could be secret, unless it was asked for. */
export interface WaitingRequest {
  /** Null where no request is to be named. */
  readonly method: string | null
  readonly host: string | null
  /** Without the query, cut. Null where it was not asked for: paths hold tokens. */
  readonly path: string | null
}

const LONGEST_HOST = 253
const LONGEST_PATH = 120

let naming: RequestNaming = 'host'

/** How much of every request is described from now on. */
export function nameRequests(as: RequestNaming): void {
  naming = as
}

/** The one place where it is decided what is kept of a request. */
export function describeRequest(method: unknown, host: unknown, path: string): WaitingRequest {
  if (naming === 'off') return { method: null, host: null, path: null }
  // A request through a proxy has the whole URL for a path, with user and password where given.
  const isUrl = /^[a-z][a-z\d+.-]*:\/\//i.test(path)
  const named = isUrl ? hostOf(path) : typeof host === 'string' ? bare(host) : null
  const asked = isUrl ? pathOf(path) : method === 'CONNECT' ? bare(path) : cut(path)
  return {
    method: typeof method === 'string' ? printable(method, LONGEST_HOST) : 'GET',
    host: named === null ? null : printable(named, LONGEST_HOST),
    path: naming === 'path' ? printable(asked, LONGEST_PATH) : null,
  }
}

/** The host of a URL, without the user information that it can carry; null where it is none. */
export function hostOf(url: string): string | null {
  return parsed(url)?.hostname ?? null
}

/** Where a URL cannot be read, what is whose cannot be told. */
function pathOf(url: string): string {
  return parsed(url)?.pathname || '/'
}

function parsed(url: string): URL | null {
  try {
    return new URL(url)
  } catch {
    return null
  }
}

/** A host as it stands in options, where anything can stand. */
function bare(host: string): string {
  return host.slice(host.lastIndexOf('@') + 1).replace(/[/?#].*$/s, '')
}

/** Without query and fragment. */
function cut(path: string): string {
  return path.replace(/[?#].*$/s, '') || '/'
}
