import { guarded } from '../process/guarded'
import type { Finding } from './finding'

type Listener = (this: NodeJS.Process, warning: Error) => unknown

/**
 * Gives a finding to the program's listeners for `warning`, as `process.emitWarning` would, but not
 * to the one of Node's own that prints it. Never throws, whatever they do.
 */
export function emitWarningEvent(finding: Finding): void {
  const { text, code } = finding
  const warning = Object.assign(new Error(text), { name: 'NatKeepaliveWarning', code })
  Error.captureStackTrace(warning, emitWarningEvent)
  process.nextTick(tellListeners, warning)
}

const tellListeners = guarded('telling of a warning', (warning: Error) => {
  for (const listener of process.rawListeners('warning') as Listener[]) {
    if (!isPrinter(listener)) tell(listener, warning)
  }
})

const tell = guarded('a listener for warnings', (listener: Listener, warning: Error) =>
  listener.call(process, warning),
)

/** `onWarning` of Node's lib/internal/process/warning.js, in 18 to 26. */
function isPrinter(listener: Listener): boolean {
  if (listener.name !== 'onWarning') return false
  return Function.prototype.toString.call(listener).includes('process.traceProcessWarnings')
}
