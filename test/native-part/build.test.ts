import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../run-node'
import { needFiles, refuse } from './need-files'

const native = join(root, 'native')
const names = ['linux-x64.node', 'linux-arm64.node'] as const
const recorded = readFileSync(join(native, 'checksums.txt'), 'utf8')

/** Each tool of both tool chains with its Debian package. */
const tools: Record<string, string> = {
  '/usr/bin/x86_64-linux-gnu-gcc': process.arch === 'x64' ? 'gcc' : 'gcc-x86-64-linux-gnu',
  '/usr/bin/aarch64-linux-gnu-gcc': process.arch === 'arm64' ? 'gcc' : 'gcc-aarch64-linux-gnu',
}

function temporaryFolder(t: Test, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The versions of compilers and linkers in a checksums.txt. */
function versionsIn(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('#'))
}

t.test('the checksums of the files in git are recorded', (t) => {
  for (const name of names) {
    const sum = createHash('sha256')
      .update(readFileSync(join(native, name)))
      .digest('hex')
    t.ok(recorded.includes(`${sum}  ${name}\n`), `${name}: ${sum}`)
  }
  t.equal(versionsIn(recorded).length, 4, 'with two compilers and two linkers')
  t.end()
})

t.test('they need Node-API and nothing else', (t) => {
  if (!needFiles(t, { '/usr/bin/readelf': 'binutils' })) return t.end()
  for (const name of names) {
    const file = join(native, name)
    const read = (flag: string) => execFileSync('readelf', ['-W', flag, file], { encoding: 'utf8' })
    t.ok(statSync(file).size <= 6_144, `${name} has ${statSync(file).size} bytes`)
    t.equal(statSync(file).mode & 0o111, 0, `${name} is no program`)

    const symbols = read('--dyn-syms')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const named = symbols.filter((columns) => columns.length === 8 && columns[0] !== 'Num:')
    const needs = named.filter((columns) => columns[6] === 'UND').map((columns) => columns[7])
    t.strictSame(needs.sort(), [
      'napi_create_function',
      'napi_create_int32',
      'napi_get_cb_info',
      'napi_get_typedarray_info',
      'napi_get_value_double',
      'napi_set_named_property',
    ])
    const gives = named.filter((columns) => columns[6] !== 'UND').map((columns) => columns[7])
    t.strictSame(gives, ['napi_register_module_v1'])

    const dynamic = read('--dynamic')
    t.notMatch(
      dynamic,
      /NEEDED|RPATH|RUNPATH|TEXTREL|INIT|FINI|SONAME/,
      `${name}: no library, no code at load`,
    )
    t.match(dynamic, /BIND_NOW/, `${name}: what is missing is missing at load`)
    const segments = read('--program-headers')
    t.notMatch(segments, /RWE|GNU_RELRO/)
    t.match(segments, /GNU_STACK\s.*\sRW\s/, `${name}: no memory that can be written and executed`)
    t.match(segments, /LOAD\s.*\s0x10000$/m, `${name}: for pages of 64 KiB`)
    t.notMatch(
      readFileSync(file, 'latin1'),
      /GCC: |\/home|\/root|\/tmp/,
      `${name}: no trace of where`,
    )
  }
  t.end()
})

t.test('the source makes the same bytes, from any folder', (t) => {
  if (!needFiles(t, tools)) return t.end()
  const folder = temporaryFolder(t, 'nat-keepalive native ')
  const source = join(folder, 'source')
  const into = join(folder, 'into')
  mkdirSync(source)
  mkdirSync(into)
  for (const file of ['nat-keepalive.c', 'build.sh']) cpSync(join(native, file), join(source, file))

  execFileSync(join(source, 'build.sh'), { cwd: '/', env: { ...process.env, LANG: 'C.UTF-8' } })
  execFileSync(join(native, 'build.sh'), [into], { cwd: folder })
  for (const name of [...names, 'checksums.txt']) {
    const [here, there] = [source, into].map((built) => readFileSync(join(built, name)))
    t.ok(here?.equals(there as Buffer), `${name}: the same from two folders`)
  }

  const built = readFileSync(join(into, 'checksums.txt'), 'utf8')
  const others = versionsIn(built).filter((line) => !versionsIn(recorded).includes(line))
  for (const name of names) {
    const same = readFileSync(join(into, name)).equals(readFileSync(join(native, name)))
    if (same || others.length === 0) t.ok(same, `${name}: the same as in git`)
    else refuse(t, `${name} is another than in git, and so is what built it: ${others.join(' ')}`)
  }
  t.end()
})
