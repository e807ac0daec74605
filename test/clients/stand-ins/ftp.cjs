'use strict'
const { serveLines } = require('./lines.cjs')

// Enough of FTP for the control connection of a client that logs in: `SITE WAIT 6` is answered after
// six seconds.
serveLines((reply) => {
  reply('220 stand-in for an FTP server')
  return (line) => {
    const seconds = Number(/^SITE WAIT (\d+)/.exec(line)?.[1] ?? 0)
    const answer = line.startsWith('USER') ? '230 welcome' : '200 fine'
    setTimeout(reply, seconds * 1000, answer)
  }
})
