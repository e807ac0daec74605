'use strict'
// Asks over an agent that keeps its connections: {port, connections, count} -> what the requests cost.
const http = require('node:http')
const { measured } = require('./measured.cjs')
const { answerLines } = require('./lines.cjs')

const agents = new Map()

function agentOf(connections) {
  if (!agents.has(connections)) {
    agents.set(connections, new http.Agent({ keepAlive: true, maxSockets: connections }))
  }
  return agents.get(connections)
}

function request(options) {
  return new Promise((done, fail) => {
    const sent = http.get(options, (response) => response.resume().on('end', done))
    sent.on('error', fail)
  })
}

answerLines(({ port, connections, count }) => {
  const options = { host: '127.0.0.1', port, agent: agentOf(connections) }
  let left = count
  const worker = async () => {
    while (left-- > 0) await request(options)
  }
  return measured(() => Promise.all(Array.from({ length: connections }, worker)))
})
