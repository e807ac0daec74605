import { writeSync } from 'node:fs'

/** What the programs of the demo tell it: one line of JSON each on stdout. */
export type Said =
  | { readonly said: 'listening'; readonly port: number; readonly secret: string }
  | { readonly said: 'answered'; readonly path: string; readonly ms: number }
  | { readonly said: 'asked'; readonly localPort: number }
  | ({ readonly said: 'outcome' } & Outcome)

/** How the request ended for the client, and how many milliseconds after it was made. */
export interface Outcome {
  readonly outcome: 'answered' | 'waiting' | 'error'
  readonly ms: number
  /** The code of the error. */
  readonly code: string | null
}

export function say(what: Said): void {
  writeSync(1, `${JSON.stringify(what)}\n`)
}

/** Ends this program with the demo, however that ends: the other end of its stdin is gone then. */
export function endWithDemo(): void {
  process.stdin.on('error', () => {})
  process.stdin.on('close', () => process.exit(0)).resume()
}
