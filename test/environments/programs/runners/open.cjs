// A test that forgets its server, which --detectOpenHandles is there to tell.
const net = require('node:net')

test('a server stays open', async () => {
  await new Promise((resolve) => {
    const server = net
      .createServer((socket) => socket.end())
      .listen(0, '127.0.0.1', () => {
        net.connect(server.address().port, '127.0.0.1').resume().on('close', resolve)
      })
  })
})
