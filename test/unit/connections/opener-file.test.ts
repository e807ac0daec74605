import t from 'tap'
import { codeFile, MAX_PATH } from '../../../src/connections/opener-file'

t.test(
  'reads file URLs as paths',
  { skip: process.platform === 'win32' && 'paths of POSIX' },
  (t) => {
    const table: readonly [string, string][] = [
      ['file:///app/x.mjs', '/app/x.mjs'],
      ['file:///my%20app/x.mjs', '/my app/x.mjs'],
      ['file:///100%25/x.mjs', '/100%/x.mjs'],
      ['file:///caf%C3%A9/x.mjs', '/café/x.mjs'],
      ['file:///app/x.mjs?v=1#top', '/app/x.mjs'],
      ['file:///bad%zz/x.mjs', 'file:///bad%zz/x.mjs'],
      ['file:///bad%2Fslash/x.mjs', 'file:///bad%2Fslash/x.mjs'],
      ['file://host/app/x.mjs', 'file://host/app/x.mjs'],
    ]
    for (const [name, path] of table) t.equal(codeFile(name).path, path, name)
    t.equal(codeFile('file:///my%20app/node_modules/@b/c%2Dd/i.mjs').package, '@b/c-d')
    t.end()
  },
)

t.test('code whose name is the code itself has a name of its own, and no lines', (t) => {
  const source = `data:text/javascript,${'/node_modules/x/'.repeat(1_000)}`
  t.same(codeFile(source), {
    path: 'a data: module',
    package: null,
    instrumentation: false,
    lines: false,
  })
  t.match(codeFile('blob:nodedata:0d1b'), { path: 'a blob: module', package: null, lines: false })
  t.end()
})

t.test('of code from the net, what could be secret is left out', (t) => {
  const { path } = codeFile('https://user:word@cdn.test:8443/lib/x.mjs?token=secret#part')
  t.equal(path, 'https://cdn.test:8443/lib/x.mjs')
  t.end()
})

t.test('other names stay as they are', (t) => {
  for (const name of [
    '/app/x.js',
    '[eval]',
    'evalmachine.<anonymous>',
    'webpack://app/./src/db.ts',
  ]) {
    t.match(codeFile(name), { path: name, package: null, lines: true })
  }
  t.end()
})

t.test('a long path keeps its end, to the character', (t) => {
  const end = `/${'y'.repeat(100)}/server.js`
  const { path } = codeFile(`/${'x'.repeat(5_000)}${end}`)
  t.equal(path.length, MAX_PATH)
  t.match(path, /^\.\.\.x+\/y+\/server\.js$/)
  const full = `/${'x'.repeat(MAX_PATH - 1)}`
  t.equal(codeFile(full).path, full)
  t.not(codeFile(`${full}x`).path, `${full}x`)
  // A character of two halves, one of which would be cut off.
  const halved = codeFile(`/${'😀'.repeat(2_000)}${end}!`)
  t.ok(halved.path.length <= MAX_PATH)
  t.notMatch(halved.path, /^\.\.\.[\udc00-\udfff]/)
  t.end()
})

t.test('a package is found in what is cut off, and one object serves for a name', (t) => {
  const name = `/app/node_modules/pg/${'x'.repeat(400)}.js`
  t.match(codeFile(name), { package: 'pg', path: /^\.\.\.x+\.js$/, instrumentation: false })
  t.equal(codeFile(name), codeFile(name))
  t.match(codeFile('/a/node_modules/dd-trace/i.js'), { instrumentation: true })
  t.end()
})

t.test('names without end are not kept', (t) => {
  const long = `/${'x'.repeat(2_000)}.js`
  t.not(codeFile(long), codeFile(long), 'nor long ones')
  for (let index = 0; index < 1_000; index++) codeFile(`/generated/${index}.js`)
  t.not(codeFile('/generated/999.js'), codeFile('/generated/999.js'))
  t.end()
})
