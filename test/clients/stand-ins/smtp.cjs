'use strict'
const { serveLines } = require('./lines.cjs')

// Enough of SMTP for a client that sends a message: the one to `wait-6@...` is accepted six seconds
// after its end.
serveLines((reply) => {
  let waiting = 0
  let inMessage = false
  reply('220 stand-in for an SMTP server')
  return (line) => {
    const [verb = ''] = line.toUpperCase().split(/[ :]/)
    if (inMessage) {
      if (line !== '.') return
      inMessage = false
      setTimeout(reply, waiting * 1000, '250 accepted')
    } else if (verb === 'DATA') {
      inMessage = true
      reply('354 go on')
    } else if (verb === 'QUIT') {
      reply('221 bye')
    } else {
      waiting = Number(/^RCPT TO:<wait-(\d+)@/i.exec(line)?.[1] ?? waiting)
      reply('250 fine')
    }
  }
})
