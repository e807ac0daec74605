#!/usr/bin/env node
import { main } from './cli/cli'

/** Of those who ask whether all is well, none may be told so who was not told the rest. */
const UNWRITTEN = 4

let unwritten = false

function onWriteError({ code, syscall }: NodeJS.ErrnoException): void {
  // Nobody reads on. Node ignores SIGPIPE, and a command may have to clean up.
  if (code === 'EPIPE') process.kill(process.pid, 'SIGTERM')
  else if (!unwritten) {
    unwritten = true
    process.stderr.write(`nat-keepalive: The output could not be written (${code ?? syscall}).\n`)
  }
}

process.stdout.on('error', onWriteError)

main(process.argv.slice(2), process)
  .catch((error: NodeJS.ErrnoException) => {
    if (error?.syscall !== 'write') throw error
    onWriteError(error)
    return UNWRITTEN
  })
  .then((code) =>
    // Elsewhere than on Linux a pipe is written to later, and an exit would cut it off.
    // That something could not be written is told a moment after it failed.
    process.stdout.write('', () => setImmediate(() => process.exit(unwritten ? UNWRITTEN : code))),
  )
