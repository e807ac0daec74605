/**
 * Whether this is a worker thread. Workers share the environment, the network namespace and the
 * descriptors of their process, and what there is to tell of those.
 */
export function isWorker(): boolean {
  // Asking the worker_threads module would load it into every program.
  return 'disabled' in process.chdir
}
