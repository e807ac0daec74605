import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProcFs, type ProcFs } from '../../../src/kernel/proc-fs'
import { markTold, wasTold } from '../../../src/kernel/told'

const variable = '_NAT_KEEPALIVE_TOLD_NETNS'

/** A /proc in which the process is in the network namespace of this name. */
function inside(t: Test, namespace: string): ProcFs {
  const root = mkdtempSync(join(tmpdir(), 'told-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'self/ns'), { recursive: true })
  symlinkSync(namespace, join(root, 'self/ns/net'))
  return createProcFs(root, 'linux')
}

t.test('a process that nobody told was not told', (t) => {
  t.notOk(wasTold(inside(t, 'net:[1]'), {}))
  t.end()
})

t.test('children of a process that was told know it by their environment', (t) => {
  const env: NodeJS.ProcessEnv = {}
  markTold(inside(t, 'net:[1]'), env)
  t.same(env, { [variable]: 'net:[1]' })
  t.ok(wasTold(inside(t, 'net:[1]'), { ...env }))
  t.end()
})

t.test('another network namespace has values of its own, and is told again', (t) => {
  const env: NodeJS.ProcessEnv = {}
  markTold(inside(t, 'net:[1]'), env)
  const other = inside(t, 'net:[2]')
  t.notOk(wasTold(other, env))
  markTold(other, env)
  t.ok(wasTold(other, env))
  t.notOk(wasTold(inside(t, 'net:[1]'), env))
  t.end()
})

t.test('a namespace that cannot be read counts as one', (t) => {
  const folder = t.testdir({ self: { ns: { net: {} } } })
  const unreadable: readonly [string, ProcFs][] = [
    ['no /proc', createProcFs(join(folder, 'none'), 'linux')],
    ['a folder instead of a link', createProcFs(folder, 'linux')],
    ['another platform', createProcFs(folder, 'darwin')],
  ]
  for (const [name, proc] of unreadable) {
    const env: NodeJS.ProcessEnv = {}
    t.notOk(wasTold(proc, env), name)
    markTold(proc, env)
    t.ok(wasTold(proc, env), name)
    t.notOk(wasTold(inside(t, 'net:[1]'), env), name)
  }
  t.end()
})

t.test('garbage in the variable is not the name of this namespace', (t) => {
  const proc = inside(t, 'net:[1]')
  for (const value of [
    '',
    ' ',
    '1',
    'net:[',
    'net:[1] ',
    'net:[11]',
    'unknown',
    'x'.repeat(9_999),
  ]) {
    t.notOk(wasTold(proc, { [variable]: value }), JSON.stringify(value.slice(0, 20)))
  }
  t.end()
})

t.test('the name of the mark is not that of a setting', (t) => {
  const env: NodeJS.ProcessEnv = {}
  markTold(inside(t, 'net:[1]'), env)
  t.notOk(Object.keys(env).some((name) => name.startsWith('NAT_KEEPALIVE')))
  t.end()
})
