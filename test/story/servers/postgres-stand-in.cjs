'use strict'
const net = require('node:net')
const { ready } = require('./listen.cjs')

/**
 * Speaks enough of PostgreSQL's protocol 3.0 for a client that logs in without a password and runs
 * `SELECT pg_sleep(seconds)`, as a simple query or with the seconds as a text parameter.
 */
exports.start = (host) => {
  const server = net.createServer(serve)
  server.listen(0, host, () => ready(server.address().port, 'stand-in for PostgreSQL'))
}

const SSL_REQUEST = 80877103

function serve(socket) {
  let pending = Buffer.alloc(0)
  let started = false
  let sql = ''
  let seconds = 0
  // Answers leave in the order of the questions, also those that come after a sleep.
  let turn = Promise.resolve()
  const answer = (...messages) => {
    turn = turn.then(() => {
      if (socket.writable) socket.write(Buffer.concat(messages))
    })
  }
  const sleep = (duration) => {
    turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, duration * 1000)))
  }

  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const head = started ? 1 : 0
      if (pending.length < head + 4) return
      const end = head + pending.readInt32BE(head)
      if (pending.length < end) return
      const type = started ? String.fromCharCode(pending[0]) : 'startup'
      const body = pending.subarray(head + 4, end)
      pending = pending.subarray(end)
      receive[type]?.(body)
    }
  })

  const receive = {
    startup(body) {
      if (body.readInt32BE(0) === SSL_REQUEST) {
        answer(Buffer.from('N'))
        return
      }
      started = true
      const settings = { server_version: '15.0', client_encoding: 'UTF8', DateStyle: 'ISO, MDY' }
      const reported = Object.entries(settings).map(([name, value]) =>
        message('S', text(name, value)),
      )
      answer(authenticationOk, ...reported, message('K', Buffer.alloc(8)), readyForQuery)
    },
    Q(body) {
      sleep(literalSeconds(body.toString('utf8')))
      answer(rowDescription, dataRow, commandComplete, readyForQuery)
    },
    P(body) {
      sql = body.toString('utf8', body.indexOf(0) + 1)
      answer(message('1'))
    },
    B(body) {
      seconds = boundSeconds(body) ?? literalSeconds(sql)
      answer(message('2'))
    },
    D(body) {
      const parameters = body[0] === 0x53 ? [message('t', Buffer.from([0, 0]))] : []
      answer(...parameters, rowDescription)
    },
    C() {
      answer(message('3'))
    },
    E() {
      sleep(seconds)
      answer(dataRow, commandComplete)
    },
    S() {
      answer(readyForQuery)
    },
    X() {
      socket.end()
    },
  }
}

function literalSeconds(sql) {
  return Number(/pg_sleep\(\s*([\d.]+)/.exec(sql)?.[1] ?? 0)
}

/** The first parameter of a Bind message, as text; undefined where there is none. */
function boundSeconds(body) {
  const portalEnd = body.indexOf(0) + 1
  const formats = body.indexOf(0, portalEnd) + 1
  const values = formats + 2 + body.readInt16BE(formats) * 2
  if (body.readInt16BE(values) === 0) return undefined
  const length = body.readInt32BE(values + 2)
  return Number(body.toString('utf8', values + 6, values + 6 + length))
}

function text(...strings) {
  return Buffer.from(`${strings.join('\0')}\0`)
}

function message(type, body = Buffer.alloc(0)) {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function int(value, bytes) {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(value, 0, bytes)
  return buffer
}

const VOID_OID = 2278
const authenticationOk = message('R', int(0, 4))
const readyForQuery = message('Z', Buffer.from('I'))
const commandComplete = message('C', text('SELECT 1'))
const dataRow = message('D', Buffer.concat([int(1, 2), int(0, 4)]))
const rowDescription = message(
  'T',
  Buffer.concat([
    int(1, 2),
    text('pg_sleep'),
    int(0, 4),
    int(0, 2),
    int(VOID_OID, 4),
    int(4, 2),
    int(-1, 4),
    int(0, 2),
  ]),
)

if (require.main === module) exports.start(process.argv[2] ?? '127.0.0.1')
