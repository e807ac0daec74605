import { guarded } from '../process/guarded'
import { printableData } from '../process/printable-data'
import type { MessageChannel } from './channels'

/**
 * Publishes plain data, made only where somebody listens: a copy, in which what comes from outside
 * is printable. Never throws; what a listener throws is the program's own, as Node has it.
 */
export const publish: <Message>(channel: MessageChannel<Message>, message: () => Message) => void =
  guarded('publishing', (channel: MessageChannel<unknown>, message: () => unknown): void => {
    if (channel.hasSubscribers) channel.publish(printableData(message()))
  })
