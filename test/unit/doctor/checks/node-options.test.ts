import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  parseNodeOptions,
  preloadsOf,
  quoteNodeOption,
} from '../../../../src/doctor/checks/node-options'
import { runNode } from '../../../run-node'
import { awkward, folderWith } from './machine'

const unclosed = 'a double quote is not closed'
const table: readonly [text: string, args: readonly string[], problem: string | null][] = [
  ['', [], null],
  ['   ', [], null],
  ['-r a', ['-r', 'a'], null],
  ['  -r   a ', ['-r', 'a'], null],
  ['-r "a b"', ['-r', 'a b'], null],
  ['-r a" "b', ['-r', 'a b'], null],
  ['-r ""', ['-r'], null],
  ['-r a\tb', ['-r', 'a\tb'], null],
  ["-r 'a b'", ['-r', "'a", "b'"], null],
  ['-r a\\b', ['-r', 'a\\b'], null],
  ['-r "a\\b"', ['-r', 'ab'], null],
  ['-r "a\\\\b"', ['-r', 'a\\b'], null],
  ['-r "a\\"b"', ['-r', 'a"b'], null],
  ['-r "a', ['-r', 'a'], unclosed],
  ['-r a"', ['-r', 'a'], unclosed],
  ['-r "a\\', ['-r', 'a'], 'a backslash ends it'],
  ['--re"quire" a', ['--require', 'a'], null],
]

t.test('NODE_OPTIONS is split as Node splits it', (t) => {
  for (const [text, args, problem] of table) {
    t.strictSame(parseNodeOptions(text), { args, problem }, JSON.stringify(text))
  }
  t.end()
})

t.test('Node itself agrees about what is well-formed, and which file is meant', async (t) => {
  const folder = folderWith(t, {})
  const wellFormed = [
    '  -r   ./a ',
    '-r "./a b"',
    '-r ./a" "c',
    '-r ./a\td',
    '-r ./a\\e',
    '-r "./a\\f"',
    '-r "./a\\\\g"',
    '-r "./a\\"h"',
    '--re"quire" ./i',
    '--require=./j=k -r ./l',
  ]
  for (const text of wellFormed) {
    const { preloads, problem } = preloadsOf(parseNodeOptions(text))
    t.equal(problem, null, text)
    for (const { specifier } of preloads) {
      writeFileSync(join(folder, specifier), 'console.log(JSON.stringify(__filename))')
    }
    const run = await runNode(['-e', '0'], { env: { NODE_OPTIONS: text }, cwd: folder })
    const loaded = preloads.map(({ specifier }) => `${JSON.stringify(join(folder, specifier))}\n`)
    t.ok(loaded.length > 0)
    t.strictSame([run.code, run.stdout], [0, loaded.join('')], text)
  }
  for (const text of ['-r "./a', '-r ./a"', '-r "./a\\', '-r ""', '-r', '--require=']) {
    t.not(preloadsOf(parseNodeOptions(text)).problem, null, text)
    const run = await runNode(['-e', '0'], { env: { NODE_OPTIONS: text }, cwd: folder })
    t.equal(run.code, 9, text)
    t.match(run.stderr, /NODE_OPTIONS|requires an argument/, text)
  }
})

t.test('preloads are found as Node finds them', (t) => {
  const preloads: readonly [text: string, found: readonly string[], problem: string | null][] = [
    ['-r a', ['--require a'], null],
    ['--require a', ['--require a'], null],
    ['--require=a=b', ['--require a=b'], null],
    ['--import=file:///a.mjs -r b', ['--import file:///a.mjs', '--require b'], null],
    ['--require \\-a', ['--require -a'], null],
    ['-r=a', [], null],
    ['--requires a', [], null],
    ['--max-old-space-size=99 --require a --no-warnings', ['--require a'], null],
    ['--require', [], '--require has no value'],
    ['--require=', [], '--require has no value'],
    ['-r --no-warnings', [], '-r has no value'],
    ['--require ""', [], '--require has no value'],
    ['-r a -r "b', ['--require a', '--require b'], unclosed],
  ]
  for (const [text, found, problem] of preloads) {
    const result = preloadsOf(parseNodeOptions(text))
    t.strictSame(
      result.preloads.map(({ flag, specifier }) => `${flag} ${specifier}`),
      found,
      text,
    )
    t.equal(result.problem, problem, text)
  }
  t.end()
})

t.test('how a preload is written is told', (t) => {
  const told = (text: string) =>
    preloadsOf(parseNodeOptions(text)).preloads.map(({ spelling, attached }) => [
      spelling,
      attached,
    ])
  t.strictSame(told('-r a --require b --require=c --import d --import=e'), [
    ['-r', false],
    ['--require', false],
    ['--require', true],
    ['--import', false],
    ['--import', true],
  ])
  t.end()
})

t.test('what is quoted is read back, behind a blank and behind an equals sign', (t) => {
  for (const text of awkward) {
    const quoted = quoteNodeOption(text)
    t.strictSame(parseNodeOptions(`-x ${quoted} -y`), { args: ['-x', text, '-y'], problem: null })
    t.strictSame(parseNodeOptions(`-x=${quoted} -y`).args, [`-x=${text}`, '-y'])
  }
  t.end()
})
