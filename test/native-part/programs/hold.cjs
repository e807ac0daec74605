'use strict'
// Accepts connections on port 9000, reads what comes, and never says anything.
require('node:net')
  .createServer((socket) => socket.on('error', () => {}).resume())
  .listen(9000, () => console.log('listening'))
