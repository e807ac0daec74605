import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProcFs, type ProcFs } from '../../../src/kernel/proc-fs'
import { ancestorWasTold } from '../../../src/kernel/told'

interface Process {
  readonly parent: number
  readonly exe?: string
  readonly netns?: string
  readonly environ?: string
  readonly cmdline?: string
  readonly name?: string
}

const node: Process = {
  parent: 0,
  exe: '/usr/bin/node',
  netns: 'net:[1]',
  environ: 'PATH=/bin\0NODE_OPTIONS=--require /opt/hook.js\0NAT_KEEPALIVE_SYSCTL=warn\0',
  cmdline: 'node\0app.js\0',
}

/** A /proc with these processes, 30 being this one. */
function procOf(t: Test, processes: Readonly<Record<string, Process>>): ProcFs {
  const root = mkdtempSync(join(tmpdir(), 'told-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  for (const [pid, { parent, exe, netns, environ, cmdline, name = 'node' }] of Object.entries(
    processes,
  )) {
    mkdirSync(join(root, pid, 'ns'), { recursive: true })
    writeFileSync(join(root, pid, 'stat'), `${pid} (${name}) S ${parent} 1 1 0 -1`)
    if (exe !== undefined) symlinkSync(exe, join(root, pid, 'exe'))
    if (netns !== undefined) symlinkSync(netns, join(root, pid, 'ns/net'))
    if (environ !== undefined) writeFileSync(join(root, pid, 'environ'), environ)
    if (cmdline !== undefined) writeFileSync(join(root, pid, 'cmdline'), cmdline)
  }
  if ('30' in processes) symlinkSync('30', join(root, 'self'))
  return createProcFs(root, 'linux')
}

t.test('a child of a process like itself was told, however far up that is', (t) => {
  t.ok(ancestorWasTold(procOf(t, { 30: { ...node, parent: 20 }, 20: node }), []))
  const shell = { parent: 10, exe: '/bin/sh', netns: 'net:[1]', environ: node.environ as string }
  const far = { 30: { ...node, parent: 20 }, 20: shell, 10: { ...node, parent: 1 } }
  t.ok(ancestorWasTold(procOf(t, far), []))
  t.end()
})

t.test('the first of its kind was not', (t) => {
  const table: Readonly<Record<string, Readonly<Record<string, Process>>>> = {
    'no parent': { 30: node },
    'a shell': { 30: { ...node, parent: 20 }, 20: { ...node, exe: '/bin/sh' } },
    'another network': { 30: { ...node, parent: 20 }, 20: { ...node, netns: 'net:[2]' } },
    'other settings': {
      30: { ...node, parent: 20 },
      20: { ...node, environ: 'NODE_OPTIONS=--require /opt/hook.js\0' },
    },
    'no hook in it': {
      30: { ...node, parent: 20 },
      20: { ...node, environ: 'NAT_KEEPALIVE_SYSCTL=warn\0' },
    },
    unreadable: { 30: { ...node, parent: 20 }, 20: { parent: 0 } },
    'its own are unreadable': { 30: { parent: 20 }, 20: { parent: 0 } },
    'the parent is gone': { 30: { ...node, parent: 20 } },
    'nothing at all': {},
  }
  for (const [name, processes] of Object.entries(table)) {
    t.notOk(ancestorWasTold(procOf(t, processes), []), name)
  }
  t.end()
})

t.test('what else differs does not matter', (t) => {
  const environ = 'NAT_KEEPALIVE_SYSCTL=warn\0X=1\0NODE_OPTIONS=--require /opt/hook.js\0'
  t.ok(ancestorWasTold(procOf(t, { 30: { ...node, parent: 20 }, 20: { ...node, environ } }), []))
  const name = 'a) S 7 (b'
  t.ok(ancestorWasTold(procOf(t, { 30: { ...node, parent: 20, name }, 20: node }), []))
  t.end()
})

t.test('what is preloaded by options, the other has to have too', (t) => {
  const family = (cmdline: string) =>
    procOf(t, { 30: { ...node, parent: 20 }, 20: { ...node, cmdline } })
  const table: readonly [string, readonly string[], boolean][] = [
    ['node\0-r\0/opt/hook.js\0app.js\0', ['-r', '/opt/hook.js'], true],
    ['node\0app.js\0', ['-r', '/opt/hook.js'], false],
    ['node\0-r\0/opt/hook.js\0app.js\0', ['-r', '/opt/hook.js', '-e', '1'], true],
    ['node\0--import=/opt/hook.js\0app.js\0', ['--import=/opt/hook.js'], true],
    ['node\0app.js\0', ['--import=/opt/hook.js'], false],
    ['node\0app.js\0', ['--max-old-space-size=100', '-e', '1'], true],
  ]
  for (const [cmdline, options, told] of table) {
    t.equal(ancestorWasTold(family(cmdline), options), told, options.join(' '))
  }
  t.end()
})

t.test('processes that descend from each other in a circle have an end', (t) => {
  const circle = { 30: { ...node, parent: 20 }, 20: { ...node, exe: '/bin/sh', parent: 20 } }
  t.notOk(ancestorWasTold(procOf(t, circle), []))
  t.end()
})

t.test('without a /proc nobody is known to be told', (t) => {
  t.notOk(ancestorWasTold(createProcFs('/proc', 'darwin'), []))
  t.end()
})
