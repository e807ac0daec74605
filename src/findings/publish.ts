import type { Channel } from 'node:diagnostics_channel'
import { guarded } from '../process/guarded'
import { printableData } from '../process/printable-data'

/**
 * Publishes plain data, made only where somebody listens: a copy, in which what comes from outside
 * is printable. Never throws; what a listener throws is the program's own, as Node has it.
 */
export const publish = guarded('publishing', (channel: Channel, message: () => object): void => {
  if (channel.hasSubscribers) channel.publish(printableData(message()))
})
