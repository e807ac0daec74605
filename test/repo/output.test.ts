import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

const source = join(root, 'src')

function filesOf(room: string): string[] {
  return readdirSync(join(source, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => relative(source, join(source, room, name)))
}

/** The rooms whose text the command line shows. */
const files = ['terminal', 'doctor', 'snippets', 'demo', 'cli'].flatMap(filesOf)
const texts = new Map(files.map((file) => [file, readFileSync(join(source, file), 'utf8')]))

function filesWith(pattern: RegExp): string[] {
  return files.filter((file) => pattern.test(texts.get(file) ?? '')).sort()
}

t.test('the command line writes through its terminal, which escapes, and nowhere else', (t) => {
  t.ok(files.length > 40, String(files.length))
  const own = filesWith(/\bconsole\.|process\.std(out|err)|writeSync|\bfrom 'node:console'/)
  t.strictSame(own, ['demo/said.ts'], 'but for what a program of the demo tells the demo')
  t.end()
})

t.test('data is rendered in one place', (t) => {
  t.strictSame(filesWith(/JSON\.stringify\([^)]*, null, /), ['terminal/render-json.ts'])
  t.end()
})
