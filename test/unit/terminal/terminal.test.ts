import t from 'tap'
import { createPaint, createTerminal, type Output, widthOf } from '../../../src/terminal/terminal'
import { hostile, obeyed } from '../../hostile'

function recording(known: Partial<Output> = {}) {
  const written: string[] = []
  return { output: { ...known, write: (text: string) => written.push(text) }, written }
}

function terminalOn(known: Partial<Output> = {}) {
  const [stdout, stderr] = [recording(known), recording(known)]
  const terminal = createTerminal({ stdout: stdout.output, stderr: stderr.output }, {})
  return { terminal, stdout: stdout.written, stderr: stderr.written }
}

t.test('nothing that a log would obey leaves, but new lines', (t) => {
  const { terminal, stdout, stderr } = terminalOn()
  terminal.stdout.write(`a\n${hostile}\nb\n`)
  terminal.stderr.write(`\r\x1b[H\x1b[J\x1b[31m${hostile}`)
  for (const text of [...stdout, ...stderr]) t.strictSame(obeyed(text), [])
  t.match(stdout[0], /^a\n/)
  t.match(stdout[0], /\nb\n$/)
  t.match(stderr[0], /^\\r\\u001b\[H/)
  t.end()
})

t.test('a terminal gets the colours and the return to the start that are made here', (t) => {
  const { terminal, stdout } = terminalOn({ isTTY: true })
  const { paint } = terminal
  for (const text of [
    `${paint('red', 'no')} ${paint('bold', 'b')}\n`,
    '\rWaiting',
    '\x1b[H\x1b[Jall\n',
  ]) {
    terminal.stdout.write(text)
    t.equal(stdout.pop(), text)
  }
  terminal.stdout.write(`a\r\x1b[H\x1b[J\x1b[2J\x1b[5m\x1b]0;t\x07${hostile}`)
  const [text = ''] = stdout
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
  t.strictSame(obeyed(text.replace(/\x1b\[31m/g, '')), [], 'not elsewhere, and no others')
  t.end()
})

t.test('what is painted is one line, and has no colours of its own', (t) => {
  for (const isTTY of [true, false]) {
    const painted = createPaint({ write() {}, isTTY }, {})('bold', hostile)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
    const text = painted.replace(/^\x1b\[1m|\x1b\[22m$/g, '')
    t.strictSame(obeyed(text), [])
    t.notMatch(text, '\n')
  }
  t.end()
})

t.test('the width is that of the window at the moment', (t) => {
  const window = { write() {}, isTTY: true, columns: 100 }
  const { stdout } = createTerminal({ stdout: window, stderr: window }, {})
  t.equal(widthOf(stdout), 100)
  window.columns = 120
  t.equal(widthOf(stdout), 120)
  t.equal(stdout.isTTY, true)
  t.equal(widthOf(terminalOn().terminal.stdout), 80)
  t.end()
})
