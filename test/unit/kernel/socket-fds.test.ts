import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProcFs, type ProcFolder, type ProcFs } from '../../../src/kernel/proc-fs'
import { parseSocketLink, type SocketFd, socketFds } from '../../../src/kernel/socket-fds'
import { atOnce, inSlices } from '../../../src/process/steps'
import { root, runNode } from '../../run-node'

/** A /proc in which the descriptors of a process are these links. */
function procOf(t: Test, links: Record<string, string>, pid: number | 'self' = 'self') {
  const root = mkdtempSync(join(tmpdir(), 'socket-fds-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, `${pid}/fd`), { recursive: true })
  for (const [fd, target] of Object.entries(links)) symlinkSync(target, join(root, `${pid}/fd`, fd))
  return { root, proc: createProcFs(root, 'linux') }
}

/** Through both readers, which must agree; the reason where nothing is known. */
async function readBoth(
  t: Test,
  proc: ProcFs,
  skip?: ReadonlySet<number>,
): Promise<SocketFd[] | string> {
  const reading = atOnce(socketFds(proc, 'self', skip))
  t.same(await inSlices(socketFds(proc, 'self', skip), setImmediate), reading, 'both readers agree')
  return reading.known ? reading.value.sort((a, b) => a.fd - b.fd) : reading.why
}

t.test('the link of a socket holds its inode', (t) => {
  const table: readonly [string, number | null][] = [
    ['socket:[1]', 1],
    ['socket:[2071287]', 2_071_287],
    ['socket:[4294967295]', 4_294_967_295],
    ['socket:[0]', 0],
    ['', null],
    ['socket', null],
    ['socket:', null],
    ['socket:[', null],
    ['socket:[]', null],
    ['socket:[-1]', null],
    ['socket:[1', null],
    ['socket:1', null],
    ['socket:[1] ', null],
    ['socket:[1]\n', null],
    [' socket:[1]', null],
    ['Socket:[1]', null],
    ['socket:[1.5]', null],
    ['socket:[1e3]', null],
    ['socket:[0x1]', null],
    ['socket:[ 1]', null],
    ['socket:[1][2]', null],
    ['socket:[1234567890123456]', null],
    [`socket:[${'9'.repeat(100_000)}]`, null],
    ['socket:[\u0663]', null],
    ['/tmp/socket:[1]', null],
    ['pipe:[1]', null],
    ['anon_inode:[eventpoll]', null],
    ['/dev/null', null],
    ['/memfd:socket:[1] (deleted)', null],
    ['net:[4026531840]', null],
  ]
  for (const [link, inode] of table) {
    t.equal(parseSocketLink(link), inode, JSON.stringify(link.slice(0, 30)))
  }
  t.end()
})

t.test('the sockets among the descriptors', async (t) => {
  const { root, proc } = procOf(t, {
    0: '/dev/null',
    1: 'pipe:[11]',
    2: 'socket:[12]',
    3: 'anon_inode:[eventpoll]',
    20: 'socket:[14]',
    1000000: 'socket:[4294967295]',
    strange: 'socket:[15]',
    '1.5': 'socket:[16]',
    '-1': 'socket:[17]',
    '0x10': 'socket:[18]',
    ' 7': 'socket:[19]',
  })
  t.same(await readBoth(t, proc), [
    { fd: 2, inode: 12 },
    { fd: 20, inode: 14 },
    { fd: 1_000_000, inode: 4_294_967_295 },
  ])
  rmSync(join(root, 'self'), { recursive: true })
  mkdirSync(join(root, 'self/fd'), { recursive: true })
  t.same(await readBoth(t, proc), [])
})

t.test('another process is read by its number', async (t) => {
  const { proc } = procOf(t, { 5: 'socket:[55]' }, 4_711)
  t.same(atOnce(socketFds(proc, 4_711)), { known: true, value: [{ fd: 5, inode: 55 }] })
  t.same(await inSlices(socketFds(proc, 4_711)), { known: true, value: [{ fd: 5, inode: 55 }] })
})

/** Notes the links that are followed, and may do something before one is. */
function watched(proc: ProcFs, before: (name: string) => void = () => {}) {
  const followed: string[] = []
  const count = { opened: 0, closed: 0 }
  const openFolder: ProcFs['openFolder'] = (path) => {
    const folder = proc.openFolder(path)
    if (!folder.known) return folder
    count.opened++
    const value: ProcFolder = {
      next: () => folder.value.next(),
      link: (name) => {
        before(name)
        followed.push(name)
        return folder.value.link(name)
      },
      close: () => {
        count.closed++
        folder.value.close()
      },
    }
    return { known: true, value }
  }
  return { followed, count, proc: { ...proc, openFolder } }
}

t.test('descriptors that are known already are not looked at', async (t) => {
  const links = Object.fromEntries([3, 4, 5, 6, 7].map((fd) => [fd, `socket:[${fd}0]`]))
  const { followed, proc } = watched(procOf(t, links).proc)
  t.same(await readBoth(t, proc, new Set([3, 5, 6, 99])), [
    { fd: 4, inode: 40 },
    { fd: 7, inode: 70 },
  ])
  t.same(followed.sort(), ['4', '4', '7', '7'])
})

t.test('a descriptor that vanishes between the folder and the link is left out', (t) => {
  const { root, proc } = procOf(t, { 3: 'socket:[30]', 4: 'socket:[40]', 5: 'socket:[50]' })
  const { proc: racing, count } = watched(proc, (name) => {
    if (name === '4') rmSync(join(root, 'self/fd/4'))
  })
  const reading = atOnce(socketFds(racing, 'self'))
  t.same(reading.known && reading.value.map((socket) => socket.fd).sort(), [3, 5])
  t.same(count, { opened: 1, closed: 1 })
  t.end()
})

t.test('any other failure of a link makes them unknown, and the folder is closed', async (t) => {
  const { root, proc } = procOf(t, { 3: 'socket:[30]' })
  writeFileSync(join(root, 'self/fd/4'), 'not a link')
  const { proc: counted, count } = watched(proc)
  t.same(await readBoth(t, counted), `${root}/self/fd/4 could not be read (EINVAL)`)
  t.same(count, { opened: 2, closed: 2 })
})

t.test('a link that may not be followed makes them unknown', async (t) => {
  const { root, proc } = procOf(t, { 3: 'socket:[30]' })
  const openFolder: ProcFs['openFolder'] = (path) => {
    const folder = proc.openFolder(path)
    if (!folder.known) return folder
    const why = `${root}/${path}/3 could not be read (EACCES)`
    const link = () => ({ known: false, why, code: 'EACCES' }) as const
    const { next, close } = {
      next: () => folder.value.next(),
      close: () => folder.value.close(),
    }
    return { known: true, value: { next, link, close } }
  }
  t.same(await readBoth(t, { ...proc, openFolder }), `${root}/self/fd/3 could not be read (EACCES)`)
})

t.test('a folder that cannot be read says why', async (t) => {
  const { root, proc } = procOf(t, {})
  rmSync(join(root, 'self/fd'), { recursive: true })
  t.same(await readBoth(t, proc), `${root}/self/fd could not be read (ENOENT)`)
  writeFileSync(join(root, 'self/fd'), '')
  t.same(await readBoth(t, proc), `${root}/self/fd could not be read (ENOTDIR)`)
  t.same(await readBoth(t, createProcFs(root, 'win32')), 'there is no /proc on win32')
})

t.test("Node's permission model is named as the reason", async (t) => {
  const flags = process.allowedNodeEnvironmentFlags
  const flag = flags.has('--permission') ? '--permission' : '--experimental-permission'
  if (!flags.has(flag)) return t.pass('this Node has no permission model')
  const dist = join(root, 'dist')
  const script = `
    const proc = require('${dist}/kernel/proc-fs.js').createProcFs('/proc', 'linux')
    const { socketFds } = require('${dist}/kernel/socket-fds.js')
    const { tcpTable } = require('${dist}/kernel/tcp-table.js')
    const { atOnce, inSlices } = require('${dist}/process/steps.js')
    const visitor = { wanted: () => true, visit: () => {} }
    const all = [atOnce(socketFds(proc, 'self')), atOnce(tcpTable(proc, 'self', visitor))]
    inSlices(socketFds(proc, 'self')).then((last) => console.log(JSON.stringify([...all, last])))`
  const run = await runNode([flag, `--allow-fs-read=${dist}/*`, '--no-warnings', '-e', script])
  const why = (file: string) => ({
    known: false,
    why: `Node's permission model does not let this process read /proc/self/${file}`,
  })
  t.equal(run.stderr, '')
  t.same(JSON.parse(run.stdout), [why('fd'), why('net/tcp'), why('fd')])
})

t.test('a scan pauses when its time is over, and finds the same', async (t) => {
  const links = Object.fromEntries(Array.from({ length: 100 }, (_, fd) => [fd, `socket:[${fd}]`]))
  const { proc } = watched(procOf(t, links).proc, () => {
    const until = process.hrtime.bigint() + 200_000n
    while (process.hrtime.bigint() < until);
  })
  let pauses = 0
  const reading = await inSlices(socketFds(proc, 'self', new Set()), (next) => {
    pauses++
    setImmediate(next)
  })
  t.equal(reading.known && reading.value.length, 100)
  t.ok(pauses >= 5, `${pauses} pauses in 20 ms of work`)
})

t.test('a scan does not hold the process', async (t) => {
  const script = `
    const { createProcFs } = require('./dist/kernel/proc-fs.js')
    const { socketFds } = require('./dist/kernel/socket-fds.js')
    const { inSlices } = require('./dist/process/steps.js')
    const again = () => inSlices(socketFds(createProcFs(), 'self', new Set()), (next) => {
      setTimeout(next, 1e6).unref()
    })
    again()`
  const { code, signal, stderr } = await runNode(['-e', script])
  t.strictSame([code, signal, stderr], [0, null, ''])
})

const linux = process.platform === 'linux'

t.test('the descriptors of this process', { skip: !linux && 'no /proc' }, async (t) => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const inbound = new Promise<{ destroy(): void }>((done) => server.once('connection', done))
  await new Promise((done) => socket.once('connect', done))
  const accepted = await inbound
  t.teardown(() => {
    socket.destroy()
    accepted.destroy()
    server.close()
  })
  const fdOf = (owner: unknown) => (owner as { _handle: { fd: number } })._handle.fd
  const own = [server, socket, accepted].map(fdOf)
  const before = readdirSync('/proc/self/fd').length
  for (const drive of [atOnce, inSlices]) {
    const all = await drive(socketFds(createProcFs(), 'self'))
    if (!all.known) return t.fail(all.why)
    const found = own.map((fd) => all.value.find((one) => one.fd === fd)?.inode)
    t.equal(new Set(found).size, 3)
    t.ok(found.every((inode) => inode !== undefined && inode > 0))
    const others = await drive(socketFds(createProcFs(), 'self', new Set(own)))
    t.same(others.known && others.value.filter((one) => own.includes(one.fd)), [])
  }
  t.equal(readdirSync('/proc/self/fd').length, before, 'no descriptor is left open')
})
