import { execFileSync } from 'node:child_process'
import t from 'tap'
import { quoteShell, setVariable } from '../../../../src/doctor/checks/shell-line'
import { awkward } from './machine'

t.test('a shell reads back what was quoted for it', (t) => {
  for (const text of awkward) {
    t.equal(execFileSync('sh', ['-c', `printf %s ${quoteShell(text)}`], { encoding: 'utf8' }), text)
  }
  t.end()
})

t.test('and sets the variable by the line', (t) => {
  for (const text of awkward) {
    const [{ shell, line } = { shell: '', line: '' }] = setVariable('V', text, 'linux')
    t.equal(shell, null)
    const script = `${line}; printenv V`
    t.equal(execFileSync('sh', ['-c', script], { encoding: 'utf8' }), `${text}\n`)
  }
  t.end()
})

t.test('Windows has two shells, and neither of them knows export', (t) => {
  t.strictSame(setVariable('V', '--require="C:\\it\'s\\r.js"', 'win32'), [
    { shell: 'PowerShell', line: "$env:V = '--require=\"C:\\it''s\\r.js\"'" },
    { shell: 'cmd', line: 'set "V=--require="C:\\it\'s\\r.js""' },
  ])
  t.end()
})
