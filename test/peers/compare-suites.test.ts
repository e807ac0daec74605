import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { needLab } from '../lab/need-lab'
import { compareSuites } from './compare-suites'
import type { Server, Suite } from './suite'

const suite = {
  sourcePackage: '',
  release: '',
  tests: /test/,
  argv: (path: string) => [path],
} as const

const installed: Readonly<Record<Server, () => boolean>> = {
  mariadb: () =>
    `${process.env.PATH}:/usr/sbin`
      .split(delimiter)
      .some((folder) => existsSync(join(folder, 'mariadbd'))),
  postgres: () =>
    existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0,
}

function needServer(t: Test, server: Server): boolean {
  if (installed[server]()) return true
  const missing = `There is no ${server} on this machine.`
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(missing)
  else t.pass(missing, { skip: true })
  return false
}

const connects = (port: number, bytes: string) => `
  const socket = require('node:net').connect(${port}, '127.0.0.1')
  socket.on('data', (data) => socket.destroy() && console.log('answered')).write(${bytes})
  socket.on('error', (error) => { throw error })`

t.test('suites are run, those that ask for a server next to it', async (t) => {
  if (!needLab(t) || !needServer(t, 'mariadb') || !needServer(t, 'postgres')) return
  const folder = t.testdir({
    alone: { 'test.cjs': 'console.log("alone")' },
    mariadb: { 'test.cjs': connects(3306, '""') },
    postgres: {
      // What asks whether the server has TLS.
      'test.cjs': connects(5432, 'Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])'),
      'fill.cjs': 'require("node:fs").writeFileSync("/run/filled", "")',
      'test-filled.cjs': 'require("node:fs").readFileSync("/run/filled")',
    },
  })
  const suites: Suite[] = [
    { ...suite, name: 'alone' },
    { ...suite, name: 'mariadb', server: 'mariadb' },
    { ...suite, name: 'postgres', server: 'postgres', fillServer: 'fill.cjs' },
  ]
  const folders = new Map(suites.map((one) => [one, join(folder, one.name)]))
  const results = await compareSuites(process.execPath, '', folders)
  t.strictSame(
    results.map(({ test, bare, hooked }) => [test.name, bare, hooked]).sort(),
    [
      ['alone/test.cjs', 'alone'],
      ['mariadb/test.cjs', 'answered'],
      ['postgres/test-filled.cjs', ''],
      ['postgres/test.cjs', 'answered'],
    ].map(([name, stdout]) => {
      const outcomes = [{ status: 'passed', stdout, stderr: '' }]
      return [name, outcomes, outcomes]
    }),
  )
})

t.test('a server that cannot be filled is complained of', async (t) => {
  if (!needLab(t) || !needServer(t, 'mariadb')) return
  const folder = t.testdir({ 'fill.cjs': 'throw new Error("no such table")' })
  const one: Suite = { ...suite, name: 'one', server: 'mariadb', fillServer: 'fill.cjs' }
  await t.rejects(compareSuites(process.execPath, '', new Map([[one, folder]])), {
    message: /^fill\.cjs of one failed: [\s\S]*no such table/,
  })
})
