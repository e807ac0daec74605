import { type Look, setsProbes, tlsTakesOptions } from '../ways-expected'
import { isSince } from './binaries'

/**
 * Whether Node by itself, without the hook, has keepalive on at a moment of test/fixtures/ways.cjs.
 * The holes are nodejs/node#47137 and #62003 (closed by #62004, in 24.15), and what came with that:
 * a tls.connect over an open socket never reaches the kernel.
 */
export function bareIsOn({ way, moment }: Look, version: string): boolean {
  const asksAtOnce = tlsTakesOptions(version)
  if (way.startsWith('setKeepAlive')) {
    return !['[]', '[false]'].includes(moment) && !(moment === OBJECT_OFF && setsProbes(version))
  }
  if (way.startsWith('tls, keepAlive option')) return asksAtOnce
  if (/\(true, 0\)|keepAlive option of|four arguments of/.test(way)) return true
  if (/^http(, keepAlive agent|$)/.test(way)) return way !== 'http' || isSince(version, '19.0.0')
  if (/^https(, keepAlive agent|$)/.test(way)) return moment !== 'in flight' || asksAtOnce
  if (way === 'https through CONNECT') return moment !== 'in flight' && !asksAtOnce
  // The undici of 18.0.0 did not ask yet.
  if (way === 'fetch') return isSince(version, '18.1.0')
  return false
}

/** Older versions take the object for true. */
const OBJECT_OFF = '[{"enable":false}]'
