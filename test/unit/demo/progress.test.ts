import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { withProgress } from '../../../src/demo/progress'

t.test('progress is one line on a terminal, and is removed', async (t) => {
  let written = ''
  const output = { write: (text: string) => (written += text) }
  const text = (seconds: number) => `Waiting: ${seconds} s.`
  await withProgress(output, text, Promise.resolve())
  t.equal(written, '')
  const terminal = { ...output, isTTY: true }
  t.equal(await withProgress(terminal, text, sleep(1100, 'done')), 'done')
  t.equal(written, `\rWaiting: 0 s.\rWaiting: 1 s.\r${' '.repeat(13)}\r`)
  await t.rejects(withProgress(terminal, text, Promise.reject(new Error('no'))), { message: 'no' })
  t.match(written, / {13}\r$/)
})
