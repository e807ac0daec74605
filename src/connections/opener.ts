import { framesBelow } from './opener-stack'
import { endOf, keyOf, type Trail, trailOf } from './opener-trail'

/** Where in the program a connection was opened. */
export interface Opener {
  /**
   * `file:line` of the first call outside Node and node_modules, or `file` where the line is not one
   * of what was written; null where no such call is left.
   */
  readonly place: string | null
  /** The package nearest to that call; null where the program itself opened it. */
  readonly package: string | null
  /** Set where it is the place of another connection, opened shortly before. */
  readonly sampled?: true
}

export const UNKNOWN_OPENER: Opener = { place: null, package: null }

/** Node's own clients make up to 14 calls of their own, so these are mostly enough. */
const FEW_FRAMES = 16
/** The SDKs with the deepest stacks need about thirty frames to reach the program's own code. */
const FRAMES = 40

/** A file that others were joined into holds the program's calls beside those of its packages. */
const PLACES_OF_ONE_FILE = 16

/** Where the stack below `wrapper` leads to. Nothing of the stack is kept. */
export function captureTrail(wrapper: unknown): Trail {
  if (mayHaveMaps()) return trailOf(framesBelow(wrapper, FRAMES), PLACES_OF_ONE_FILE)
  const frames = framesBelow(wrapper, FEW_FRAMES)
  const trail = trailOf(frames, 1)
  return trail.found || frames.length < FEW_FRAMES
    ? trail
    : trailOf(framesBelow(wrapper, FRAMES), 1)
}

/** Whether Node keeps the source maps of what it loads. The first of 18 and of 20 do not say. */
function mayHaveMaps(): boolean {
  const { sourceMapsEnabled } = process as { sourceMapsEnabled?: boolean }
  return sourceMapsEnabled ?? process.execArgv.includes('--enable-source-maps')
}

// Sockets opened at one place share one object. Generated code could make places without end.
const MAX_PLACES = 1_000
const places = new Map<string, Opener>()

/** The opener at the end of a trail, worked out when it is first looked at. */
export function openerOf(trail: Trail): Opener {
  if (trail.steps.length === 0) return UNKNOWN_OPENER
  const key = keyOf(trail)
  const known = places.get(key)
  if (known !== undefined) return known
  const opener = later(() => endOf(trail))
  if (places.size < MAX_PLACES) places.set(key, opener)
  return opener
}

const samples = new WeakMap<Opener, Opener>()

/** The same place, for a connection whose own stack was not looked at. */
export function sampledFrom(opener: Opener): Opener {
  let sampled = samples.get(opener)
  if (sampled === undefined) {
    sampled = later(() => opener, true)
    samples.set(opener, sampled)
  }
  return sampled
}

/** An opener that is plain data from the moment on at which somebody looks at it. */
function later(work: () => Opener, sampled = false): Opener {
  const opener: Opener = { place: null, package: null, ...(sampled ? { sampled } : {}) }
  const settle = (): Opener => {
    const { place, package: packageName } = work()
    const common = { enumerable: true, configurable: true }
    Object.defineProperties(opener, {
      place: { ...common, value: place },
      package: { ...common, value: packageName },
    })
    return opener
  }
  Object.defineProperties(opener, {
    place: { get: () => settle().place },
    package: { get: () => settle().package },
  })
  return opener
}
