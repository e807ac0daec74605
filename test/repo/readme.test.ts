import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as nat from '../../src/index'
import { settings } from '../../src/settings/settings'
import { root, runNode } from '../run-node'

const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The first cells of the table under a heading, without backticks. */
function firstCells(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `?([^|`]+?)`? +\|/gm)].map(([, cell = '']) => cell).slice(1)
}

t.test('the settings are those of the table of settings, in its order', (t) => {
  t.strictSame(
    firstCells('Settings'),
    settings.map(({ name }) => name),
  )
  t.end()
})

t.test('the warnings are those that the code can give, but for the one on a channel', (t) => {
  const findings = join(root, 'src', 'findings')
  const texts = readdirSync(findings).map((file) => readFileSync(join(findings, file), 'utf8'))
  const codes = new Set(texts.join('').match(/NKA\d{3}/g))
  t.strictSame(firstCells('Warnings'), [...codes].sort())
  t.end()
})

t.test('the commands are those of --help', async (t) => {
  const { stdout } = await runNode([join(root, 'dist', 'bin.js'), '--help'])
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name)
  const named = firstCells('Command line').map((cell) => cell.split(' ')[1])
  t.strictSame(named, commands)
})

t.test('the names for programs are exported', (t) => {
  const [, names = ''] = /const \{ (.*) \} = require\('nat-keepalive'\)/.exec(readme) ?? []
  t.strictSame(names.split(', ').sort(), Object.keys(nat).sort())
  t.end()
})

t.test('the files it names are there', (t) => {
  for (const [, file = ''] of readme.matchAll(/`((?:scripts|bench|docs|examples)\/[^`* ]*)/g)) {
    t.ok(existsSync(join(root, file)), file)
  }
  t.end()
})
