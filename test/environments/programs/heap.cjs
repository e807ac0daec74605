'use strict'
// Opens and closes many connections and prints what is left of them. Needs --expose-gc.
//   heap.cjs ended|destroyed|held COUNT WAIT_MS
const net = require('node:net')
const v8 = require('node:v8')
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises')
const { queryObjects } = v8

const kind = process.argv[2]
const [count, waitMs] = process.argv.slice(3).map(Number)
const AT_ONCE = 50

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  if (kind !== 'held') socket.resume().end()
})

class Request extends net.Socket {}

function connect(port) {
  return new Promise((resolve) => {
    const socket = new Request()
    socket.connect(port, '127.0.0.1')
    if (kind === 'held') socket.on('connect', () => resolve(socket))
    else {
      if (kind === 'destroyed') socket.on('connect', () => socket.destroy())
      else socket.resume()
      socket.on('close', () => resolve())
    }
    socket.on('error', () => {})
  })
}

/** In a function of its own, so that no variable of the caller keeps a socket. */
async function round(port, kept) {
  const sockets = await Promise.all(Array.from({ length: AT_ONCE }, () => connect(port)))
  if (kind === 'held') kept.push(...sockets)
}

function destroy(sockets) {
  for (const socket of sockets) socket.destroy()
}

async function settled() {
  for (let i = 0; i < 5; i++) {
    await turn()
    global.gc()
  }
}

/** Objects of a constructor that are reachable, by the heap's own word. */
function reachable() {
  if (queryObjects) return queryObjects(Request, { format: 'count' })
  const chunks = []
  return new Promise((resolve) => {
    v8.getHeapSnapshot()
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', () => {
        const { snapshot, nodes, strings } = JSON.parse(chunks.join(''))
        const { node_fields: fields } = snapshot.meta
        let found = 0
        for (let at = 0; at < nodes.length; at += fields.length) {
          const name = strings[nodes[at + fields.indexOf('name')]]
          const type = snapshot.meta.node_types[0][nodes[at + fields.indexOf('type')]]
          if (type === 'object' && name === 'Request') found++
        }
        resolve(found)
      })
  })
}

// The experiment of Node that counts objects is none of the program's.
process.on('warning', ({ name, stack }) => {
  if (name !== 'ExperimentalWarning') console.error(stack)
})

async function main() {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.on('listening', resolve))
  const { port } = server.address()
  const heap = []
  const kept = []
  for (let done = 0; done < count; done += AT_ONCE) {
    await round(port, kept)
    if (done % Math.ceil(count / 10) === 0) {
      await settled()
      heap.push(process.memoryUsage().heapUsed)
    }
  }
  // Two looks of the auditor, which holds what is idle, and one to let go of what has ended.
  if (kind === 'held') await sleep(waitMs)
  destroy(kept.splice(0))
  await sleep(waitMs)
  await settled()
  const left = await reachable()
  console.log(JSON.stringify({ left, heap }))
  server.close()
}

main()
