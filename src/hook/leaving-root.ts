import { isWorker } from '../process/is-worker'
import { wrapMethod } from './wrap'

/**
 * Calls `prepare` once, before this process gives up being root: after that it may not be allowed to
 * read the rest of the package. `prepare` must not throw. Returns the undo. Only the main thread can
 * change who the process is, and whoever is not root loses nothing that reading needs.
 */
export function beforeLeavingRoot(prepare: () => void): () => void {
  if (process.geteuid?.() !== 0 || isWorker()) return () => {}
  let wanted = true
  const undos = ['setuid', 'seteuid'].map((name) =>
    wrapMethod(
      process,
      name,
      (original) =>
        function (this: unknown, ...args) {
          if (wanted) prepare()
          undo()
          return original.apply(this, args)
        },
    ),
  )
  const undo = () => {
    wanted = false
    for (const one of undos) one()
  }
  return undo
}
