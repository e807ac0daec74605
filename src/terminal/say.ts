import { printable } from '../process/printable'
import type { Output } from './terminal'

/** Says one sentence, in one line, with the name of the program before it. */
export function say(output: Output, sentence: string): void {
  output.write(`nat-keepalive: ${printable(sentence)}\n`)
}
