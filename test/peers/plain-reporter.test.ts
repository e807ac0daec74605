import { join } from 'node:path'
import t from 'tap'
import { runNode } from '../run-node'

const reporter = join(__dirname, 'plain-reporter.mjs')

t.test('what node:test reports is the same in every run', async (t) => {
  const folder = t.testdir({
    'test.cjs': `const { test } = require('node:test')
      test('waits', () => new Promise((done) => setTimeout(done, Math.random() * 50)))
      test('is skipped', { skip: true }, () => {})
      test('fails', () => { throw new RangeError('wrong') })
      test('ends too late', { timeout: 1 }, () => new Promise(() => setTimeout(() => {}, 20)))`,
  })
  const { code, stdout } = await runNode([`--test-reporter=${reporter}`, join(folder, 'test.cjs')])
  t.equal(code, 1)
  const lines = stdout.split('\n').filter((line) => !/^ +at /.test(line))
  t.strictSame(lines, [
    'ok waits',
    'ok is skipped # skip',
    'not ok fails',
    'RangeError: wrong',
    'not ok ends too late',
    'test timed out after 1ms',
    '',
  ])
})
