import t from 'tap'
import { createFiles } from '../../../../src/doctor/checks/files'
import { folderWith } from './machine'

t.test('what is there is read, and what is not is said', (t) => {
  const files = createFiles(folderWith(t, { 'etc/os': 'text\n' }))
  t.strictSame(files.read('/etc/os'), { known: true, value: 'text\n' })
  t.strictSame(files.read('/etc/none'), {
    known: false,
    why: '/etc/none could not be read (ENOENT)',
  })
  t.match(files.read('/etc'), { known: false, why: /\(EISDIR\)$/ })
  t.end()
})

t.test('a file is there, is not, or cannot be known to be', (t) => {
  const files = createFiles(folderWith(t, { 'etc/os': '' }))
  t.equal(files.exists('/etc/os'), true)
  t.equal(files.exists('/etc'), true)
  t.equal(files.exists('/etc/none'), false)
  t.equal(files.exists('/etc/os/none'), false, 'below what is no folder')
  t.equal(files.exists(`/${'a'.repeat(300)}`), null, 'a name that no file can have')
  t.end()
})

t.test('whether a file may be written is asked, and it is left as it is', (t) => {
  const files = createFiles(folderWith(t, { 'etc/os': 'text' }))
  t.equal(files.writable('/etc/os'), true)
  t.match(files.read('/etc/os'), { value: 'text' })
  t.equal(files.writable('/etc/none'), null)
  t.equal(files.exists('/etc/none'), false)
  t.end()
})
