import { wrapText } from '../terminal/wrap-text'
import type { Values } from './values'

/** Each text as a paragraph of lines that begin with #, at most 80 columns wide. */
export function comment(texts: readonly string[], by = 0): string {
  const prefix = `${' '.repeat(by)}# `
  return texts
    .flatMap((text) => wrapText(text, 80 - prefix.length).split('\n'))
    .map((line) => `${prefix}${line}\n`)
    .join('')
}

/** What the two halves of every configuration do, and what neither does. */
export function coverage({ limitSeconds, delaySeconds, intervalSeconds, probes }: Values) {
  return {
    values: `For a path that forgets a connection after ${limitSeconds} s of idleness: first probe after ${delaySeconds} s, then every ${intervalSeconds} s, ${probes} in all.`,
    hook: 'The hook covers every outbound TCP connection that JavaScript opens, in every Node program that gets NODE_OPTIONS.',
    sysctls:
      'The sysctls cover sockets of any language that have keepalive on and set no times of their own; they switch it on for nobody.',
    not: 'Not covered: native clients that leave keepalive off, idle limits of layer 7 (load balancers and proxies that count data only), and data that nobody acknowledges.',
  }
}

/** Said where a variable of ours would hide one that is there. */
export const merge =
  'Where NODE_OPTIONS has a value already, put both into one: the last one that is set wins.'

/** Said where the hook has to be in the image. */
export const inImage =
  'The image has to hold the package at /opt/nat-keepalive, such as a copy of node_modules/nat-keepalive.'
