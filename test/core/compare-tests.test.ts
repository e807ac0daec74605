import { join } from 'node:path'
import t from 'tap'
import { needLab } from '../lab/need-lab'
import { compareTests } from './compare-tests'
import { readCoreTests } from './core-test'
import { differencesOf } from './outcome'
import { createPlace } from './place'

const programs = {
  'test-net-same.js': 'console.log("same")',
  'test-net-asks.js': 'process.exitCode = Symbol.for("nat-keepalive.1") in globalThis ? 1 : 0',
  'test-net-prints.js': `const socket = new (require('net').Socket)()
    socket.connect(1, '127.0.0.1').on('error', () => {})
    console.log(Object.getOwnPropertySymbols(socket).map((symbol) => [symbol, socket[symbol]])
      .filter(([symbol]) => /kSetKeepAlive\\)/.test(String(symbol))))`,
  'test-net-dice.js': 'console.log("abcdefghij"[Math.trunc(Math.random() * 10)])',
}

t.test('what the hook changes is told from what chance does', async (t) => {
  if (!needLab(t)) return
  const folder = t.testdir({
    parallel: programs,
    sequential: {},
    'async-hooks': {},
  })
  const results = await compareTests(() => createPlace(process.execPath), readCoreTests(folder))
  const found = Object.fromEntries(results.map((result) => [result.test.name, result]))
  const differences = (name: keyof typeof programs) => {
    const result = found[join('parallel', name)]
    return result && differencesOf(result)
  }
  t.equal(results.length, 4)
  t.strictSame(differences('test-net-same.js'), [])
  t.strictSame(differences('test-net-asks.js'), ['status'])
  t.strictSame(differences('test-net-prints.js'), ['stdout'])
  t.strictSame(differences('test-net-dice.js'), [])
  const runs = (name: keyof typeof programs) => found[join('parallel', name)]?.bare.length
  t.equal(runs('test-net-same.js'), 1, 'what is alike is not repeated')
  t.equal(runs('test-net-asks.js'), 11, 'what differs is, ten times')
})
