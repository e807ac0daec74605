#!/usr/bin/env node
import { main } from './cli/cli'

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // Nobody reads on. Node ignores SIGPIPE, and a command may have to clean up.
  if (code === 'EPIPE') process.kill(process.pid, 'SIGTERM')
})

main(process.argv.slice(2), process).then((code) =>
  // Elsewhere than on Linux a pipe is written to later, and an exit would cut it off.
  process.stdout.write('', () => process.exit(code)),
)
