import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { needMounts, runMounted } from '../examples/mounts'
import { type NodeRun, root, runNode } from '../run-node'

const load = join(root, 'test/native-part/programs/load.cjs')
const name = `linux-${process.arch}.node`

/** A package of its own, whose native part may be spoiled. */
function copyPackage(t: Test): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-refused-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  mkdirSync(join(folder, 'native'))
  cpSync(join(root, 'native', name), join(folder, 'native', name))
  return { folder, file: join(folder, 'native', name) }
}

/** What the program printed, if it ended well and said nothing else. */
function said({ code, stdout, stderr }: Pick<NodeRun, 'code' | 'stdout' | 'stderr'>): string {
  return code === 0 && stderr === '' ? stdout.trimEnd() : `exit code ${code}: ${stdout}${stderr}`
}

t.test('Node does not allow it', async (t) => {
  t.equal(said(await runNode([load])), 'loaded', 'and otherwise does')
  const refused = 'Node was started with --no-addons'
  t.equal(said(await runNode(['--no-addons', load])), refused)
  t.equal(said(await runNode([load], { env: { NODE_OPTIONS: '--no-addons' } })), refused)
  const worker = `new (require('node:worker_threads').Worker)(${JSON.stringify(load)})`
  t.equal(said(await runNode(['-e', worker])), 'loaded', 'in a worker')
  t.equal(said(await runNode(['--no-addons', '-e', worker])), refused, 'in a worker')
})

t.test('the permission model does not allow it', async (t) => {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) return t.comment('This Node has no permission model; other tests run others.')
  const flag = major < 24 ? '--experimental-permission' : '--permission'
  const model = [flag, '--no-warnings']
  const refused = "Node's permission model allows no addons here: it takes --allow-addons"
  t.equal(said(await runNode([...model, '--allow-fs-read=*', load])), refused)

  const { folder, file } = copyPackage(t)
  const unreadable = [load, join(folder, 'dist')].map((path) => `--allow-fs-read=${path}`)
  t.equal(
    said(await runNode([...model, ...unreadable, load, folder])),
    `Node's permission model does not let this process read ${file}`,
  )
})

t.test('the file system does not allow it', (t) => {
  if (!needMounts(t)) return t.end()
  const { folder } = copyPackage(t)
  const mount = `mount -t tmpfs -o noexec none /mnt; cp -r "$PWD"/dist "$PWD"/native /mnt`
  const run = runMounted(mount, [process.execPath, load, '/mnt'], { cwd: folder })
  t.match(said(run), /^\/mnt\/native\/linux-\w+\.node may not be mapped.*noexec.*segment.*\)$/)
  const allowed = runMounted(mount.replace('-o noexec ', ''), [process.execPath, load, '/mnt'], {
    cwd: folder,
  })
  t.equal(said(allowed), 'loaded', 'and it is only that')
  t.end()
})

t.test('the file is not what it should be', async (t) => {
  const { folder, file } = copyPackage(t)
  const whole = readFileSync(file)
  const other = readFileSync(
    join(root, `native/linux-${process.arch === 'x64' ? 'arm64' : 'x64'}.node`),
  )
  t.equal(said(await runNode([load, folder])), 'loaded')
  const table: readonly [string, Buffer, RegExp][] = [
    // A loader maps these, and the process dies of SIGBUS or SIGSEGV where it reads what is not there.
    ['cut in its code', whole.subarray(0, 1000), /has 1000 bytes and not \d+: it is not whole$/],
    ['cut in its last page', whole.subarray(0, 4200), /has 4200 bytes and not \d+: it is not/],
    ['empty', Buffer.alloc(0), /is no 64-bit ELF file$/],
    ['for another processor', other, /is for another processor/],
  ]
  for (const [title, content, why] of table) {
    writeFileSync(file, content)
    t.match(said(await runNode([load, folder])), why, title)
  }
  rmSync(file)
  t.match(said(await runNode([load, folder])), /^native\/linux-\w+\.node is not in the folder/)
})

t.test('a symbol that a Node does not have', async (t) => {
  const { folder, file } = copyPackage(t)
  const whole = readFileSync(file)
  const at = whole.indexOf('napi_create_int32')
  whole.write('napi_create_int33', at)
  writeFileSync(file, whole)
  const why = said(await runNode([load, folder]))
  t.match(why, /could not be loaded \(.*undefined symbol: napi_create_int33\)$/)
})
