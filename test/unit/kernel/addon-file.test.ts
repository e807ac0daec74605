import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findAddonFile } from '../../../src/kernel/addon-file'
import { root } from '../../run-node'

const x64 = readFileSync(join(root, 'native/linux-x64.node'))
const arm64 = readFileSync(join(root, 'native/linux-arm64.node'))

/** A package in which only the file is, and the folder of its code. */
function place(
  t: Test,
  content: Buffer | null,
  depth = 'dist/kernel',
): { from: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-addon-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'native'))
  mkdirSync(join(folder, depth), { recursive: true })
  const file = join(folder, 'native/linux-x64.node')
  if (content !== null) writeFileSync(file, content)
  return { from: join(folder, depth), file }
}

function changed(at: number, byte: number): Buffer {
  const copy = Buffer.from(x64)
  copy[at] = byte
  return copy
}

t.test('it is found from the folder of the code and from that of a bundle', (t) => {
  for (const depth of ['dist/kernel', 'dist', 'src/kernel']) {
    const { from, file } = place(t, x64, depth)
    t.strictSame(findAddonFile(from, 'linux', 'x64'), { known: true, value: file }, depth)
  }
  t.end()
})

t.test('each processor has its own', (t) => {
  const from = join(root, 'src/kernel')
  for (const arch of ['x64', 'arm64']) {
    const file = join(root, `native/linux-${arch}.node`)
    t.strictSame(findAddonFile(from, 'linux', arch), { known: true, value: file })
  }
  t.end()
})

t.test('a file that a loader should not touch is not given to one', (t) => {
  const identity = x64.indexOf('nat-keepalive native part')
  const table: readonly [string, Buffer | null, RegExp][] = [
    ['absent', null, /^native\/linux-x64\.node is not in the folder of the package$/],
    ['empty', Buffer.alloc(0), /is no 64-bit ELF file$/],
    [
      'text',
      Buffer.from('version https://git-lfs.github.com/spec/v1\n'.repeat(3)),
      /no 64-bit ELF/,
    ],
    ['of 32 bits', changed(4, 1), /is no 64-bit ELF file$/],
    ['big-endian', changed(5, 2), /is no 64-bit ELF file$/],
    ['of another processor', arm64, /is for another processor \(ELF machine 183, not 62\)$/],
    ['only a header', x64.subarray(0, 64), /has 64 bytes and not \d+: it is not whole$/],
    ['cut in the middle', x64.subarray(0, 3000), /has 3000 bytes and not/],
    ['without its last byte', x64.subarray(0, -1), /it is not whole$/],
    ['with a byte more', Buffer.concat([x64, Buffer.of(0)]), /it is not whole$/],
    ['with an absurd table', changed(46, 255), /it is not whole$/],
    ['somebody else', changed(identity, 88), /is not the native part of this version$/],
    ['of another version', changed(identity + 26, 50), /is not the native part of this version$/],
    ['of version 1x', changed(identity + 27, 50), /is not the native part of this version$/],
  ]
  t.ok(identity > 0)
  for (const [name, content, why] of table) {
    const { from } = place(t, content)
    t.match(findAddonFile(from, 'linux', 'x64'), { known: false, why }, name)
  }
  t.end()
})

t.test('what is not a file is a refusal too', (t) => {
  const { from, file } = place(t, null)
  mkdirSync(file)
  t.match(findAddonFile(from, 'linux', 'x64'), { why: /could not be read \(EISDIR\)$/ })
  rmSync(file, { recursive: true })
  copyFileSync(join(root, 'native/linux-x64.node'), file)
  t.equal(findAddonFile(from, 'linux', 'x64').known, true, 'and it was only that')
  t.end()
})
