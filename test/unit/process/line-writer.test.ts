import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { root, withEnv } from '../../run-node'

/** A line of 1,000 bytes that says its number. */
const head = `
  const { LineWriter } = require('./dist/process/line-writer.js')
  const { createLater } = require('./dist/process/later.js')
  const writer = new LineWriter(2, createLater())
  const line = (number) => String(number).padStart(4, '0') + 'x'.repeat(995)
  const stay = () => process.stdin.resume()
  const writeLines = (from, to) => { for (let n = from; n < to; n++) writer.write(line(n)) }
`

interface Reader {
  /** Everything that can be read now. */
  read(): string
}

/** A pipe, its reader in our hands, and the descriptor of its other end. */
function pipe(t: Test): Reader & { writeEnd: number } {
  const path = join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [path])
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, 'w')
  t.teardown(() => closeSync(readEnd))
  const buffer = Buffer.alloc(1 << 20)
  const read = () => {
    let length = 0
    try {
      for (let count = 1; count > 0; length += count) {
        count = readSync(readEnd, buffer, length, buffer.length - length, null)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return buffer.toString('latin1', 0, length)
  }
  return { read, writeEnd }
}

/** Runs a program with this stderr; `said` is what it wrote on stdout so far. */
function start(script: string, stderr: number | 'pipe') {
  const [command = '', ...args] = withEnv({}, [process.execPath, '-e', head + script])
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', stderr] })
  const run = { said: '', child }
  child.stdout?.setEncoding('latin1').on('data', (text) => (run.said += text))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return Object.assign(run, { ended })
}

/** The numbers of the lines; fails where one is not whole. */
function numbersIn(t: Test, text: string): number[] {
  const lines = text.split('\n')
  t.equal(lines.pop(), '', 'the last line is whole')
  t.strictSame(
    lines.filter((line) => !/^\d{4}x{995}$/.test(line)),
    [],
    'every line is whole',
  )
  return lines.map(Number.parseFloat)
}

function count(length: number, from = 0): number[] {
  return Array.from({ length }, (_, index) => from + index)
}

t.test('a pipe that nobody reads holds nobody, and what is in it is whole', async (t) => {
  const { read, writeEnd } = pipe(t)
  const script = "writeLines(0, 5_000); console.log('goes on', writer.dropped > 4_800)"
  const run = start(script, writeEnd)
  closeSync(writeEnd)
  t.equal(await run.ended, 0)
  const numbers = numbersIn(t, read())
  t.ok(numbers.length >= 50, `${numbers.length} lines`)
  t.strictSame(numbers, count(numbers.length))
  t.equal(run.said, 'goes on true\n')
})

t.test(
  'what did not go through comes when somebody reads, in order, and the rest is counted',
  async (t) => {
    const kinds = { 'a pipe that waits': '', 'one that does not': 'process.stderr.fd;' }
    for (const [name, before] of Object.entries(kinds)) {
      const { read, writeEnd } = pipe(t)
      const run = start(
        `${before} writeLines(0, 200); console.log(writer.dropped); stay()`,
        writeEnd,
      )
      closeSync(writeEnd)
      while (run.said === '') await sleep(20)
      const dropped = Number(run.said)
      t.ok(dropped > 0 && dropped < 200, `${name}: ${dropped} dropped`)
      let text = ''
      while (text.length < (200 - dropped) * 1_000) {
        await sleep(20)
        text += read()
      }
      run.child.stdin?.end()
      t.equal(await run.ended, 0)
      t.strictSame(numbersIn(t, text + read()), count(200 - dropped), name)
    }
  },
)

t.test('a socket that does not wait is written to in the same way', async (t) => {
  const run = start(
    'process.stderr.fd; writeLines(0, 1_000); console.log(writer.dropped); stay()',
    'pipe',
  )
  while (run.said === '') await sleep(20)
  const dropped = Number(run.said)
  t.ok(dropped > 0, `${dropped} dropped`)
  let text = ''
  run.child.stderr?.setEncoding('latin1').on('data', (part) => (text += part))
  while (text.length < (1_000 - dropped) * 1_000) await sleep(20)
  run.child.stdin?.end()
  t.equal(await run.ended, 0)
  t.strictSame(numbersIn(t, text), count(1_000 - dropped))
})

t.test('a line that is longer than the pipe is continued where it was left', async (t) => {
  const { read, writeEnd } = pipe(t)
  const long = 'x'.repeat(300_000)
  const script = `
    writer.write('${'x'.repeat(10)}'.repeat(30_000))
    writer.write('the next')
    console.log('begun')
    stay()`
  const run = start(script, writeEnd)
  closeSync(writeEnd)
  while (run.said === '') await sleep(20)
  let text = ''
  while (!text.endsWith('next\n')) {
    await sleep(20)
    text += read()
  }
  run.child.stdin?.end()
  t.equal(await run.ended, 0)
  t.ok(text === `${long}\nthe next\n`)
})

t.test('lines that wait for nobody are dropped in the end, and the next are tried', async (t) => {
  const { read, writeEnd } = pipe(t)
  const script = `
    writeLines(0, 100)
    const waiting = 100 - writer.dropped
    const watch = setInterval(() => {
      if (100 - writer.dropped >= waiting) return
      clearInterval(watch)
      console.log(100 - writer.dropped)
      process.stdin.once('data', () => {
        writeLines(100, 101)
        process.exit()
      })
    }, 20)`
  const run = start(script, writeEnd)
  closeSync(writeEnd)
  while (run.said === '') await sleep(20)
  t.strictSame(numbersIn(t, read()), count(Number(run.said)))
  run.child.stdin?.write('go on')
  t.equal(await run.ended, 0)
  t.strictSame(numbersIn(t, read()), [100])
})

t.test('the last line of a process waits a moment, and no longer', async (t) => {
  const { read, writeEnd } = pipe(t)
  const script = `
    writeLines(0, 100)
    const before = process.uptime()
    writer.writeNow(line(100))
    console.log(process.uptime() - before < 2)
    process.reallyExit(78)`
  const run = start(script, writeEnd)
  closeSync(writeEnd)
  t.equal(await run.ended, 78)
  t.equal(run.said, 'true\n')
  numbersIn(t, read())

  const other = pipe(t)
  const ready = start(
    'writeLines(0, 2); writer.writeNow(line(2)); process.reallyExit(7)',
    other.writeEnd,
  )
  closeSync(other.writeEnd)
  t.equal(await ready.ended, 7)
  t.strictSame(numbersIn(t, other.read()), [0, 1, 2])
})

t.test('a stderr that is closed, or whose reader is gone, harms nobody', async (t) => {
  const closed = start(
    "require('fs').closeSync(2); writeLines(0, 3); console.log(writer.dropped)",
    'pipe',
  )
  t.equal(await closed.ended, 0)
  t.equal(closed.said, '3\n')
  const gone = start(
    'setTimeout(() => { writeLines(0, 3); console.log(writer.dropped) }, 200)',
    'pipe',
  )
  gone.child.stderr?.destroy()
  t.equal(await gone.ended, 0)
  t.equal(gone.said, '3\n')
})

t.test('the other end of a pipe sees its end: nothing is left open', async (t) => {
  const { writeEnd } = pipe(t)
  const script = `
    const { readdirSync, readlinkSync } = require('fs')
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    writeLines(0, 100)
    console.log(open() - before)`
  const run = start(script, writeEnd)
  closeSync(writeEnd)
  t.equal(await run.ended, 0)
  t.equal(run.said, '0\n')
})
