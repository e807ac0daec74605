#!/usr/bin/env node
import { constants } from 'node:os'
import { main } from './cli/cli'

/** Of those who ask whether all is well, none may be told so who was not told the rest. */
const UNWRITTEN = 4

const HUNG_UP = 128 + constants.signals.SIGHUP

let unwritten = false

function onWriteError({ code, syscall }: NodeJS.ErrnoException): void {
  // Nobody reads on. Node ignores SIGPIPE, and a command may have to clean up.
  if (code === 'EPIPE') process.kill(process.pid, 'SIGTERM')
  // The terminal is gone, and this was not told so, as in a session of its own.
  else if (code === 'EIO') process.kill(process.pid, 'SIGHUP')
  else if (!unwritten) {
    unwritten = true
    process.stderr.write(`nat-keepalive: The output could not be written (${code ?? syscall}).\n`)
  }
}

process.stdout.on('error', onWriteError)
// What cannot be said can be told to nobody.
process.stderr.on('error', () => {})

/** Ends the program; what a signal ended is ended by it once more, now that it has cleaned up. */
function exit(code: number): void {
  // Node sets a terminal back when it exits, and aborts where that is gone (ResetStdio in src/node.cc).
  if (code === HUNG_UP) process.kill(process.pid, 'SIGHUP')
  else process.exit(code)
}

main(process.argv.slice(2), process)
  .catch((error: NodeJS.ErrnoException) => {
    if (error?.syscall !== 'write') throw error
    onWriteError(error)
    return UNWRITTEN
  })
  .then((code) =>
    // Elsewhere than on Linux a pipe is written to later, and an exit would cut it off.
    // That something could not be written is told a moment after it failed.
    process.stdout.write('', () => setImmediate(() => exit(unwritten ? UNWRITTEN : code))),
  )
