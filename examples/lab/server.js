// A service that takes ten minutes for its answer, divided by the lab's scale.
const { createServer } = require('node:http')

const answerAfterMs = 600_000 / Number(process.env.LAB_SCALE ?? 1)

createServer((_request, response) => {
  setTimeout(() => response.end('the answer'), answerAfterMs)
}).listen(7000)
