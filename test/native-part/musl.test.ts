import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'
import { needFiles } from './need-files'

const processor = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
const compiler = `/usr/bin/${processor}-linux-musl-gcc`

t.test('the same file works in a program that is linked to musl', (t) => {
  if (!needFiles(t, { [compiler]: 'musl-dev', '/usr/bin/readelf': 'binutils' })) return t.end()
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-musl-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const host = join(folder, 'host')
  const source = join(root, 'test/native-part/programs/musl-host.c')
  // It hands its own functions to what it loads, as Node does.
  execFileSync(compiler, ['-Wall', '-Wextra', '-Werror', '-rdynamic', source, '-o', host])
  const interpreter = execFileSync('readelf', ['-l', host], { encoding: 'utf8' })
  t.match(interpreter, /\/lib\/ld-musl-/, 'it is linked to musl')

  const run = (file: string) => {
    const { status, signal, stdout } = spawnSync(host, [file], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    return [status, signal, stdout].join()
  }
  t.equal(run(join(root, `native/linux-${process.arch}.node`)), '0,,it works\n')
  const other = process.arch === 'arm64' ? 'x64' : 'arm64'
  t.match(run(join(root, `native/linux-${other}.node`)), /^1,,Error/, 'and the other one does not')
  t.end()
})
