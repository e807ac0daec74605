import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { createFiles } from '../../../../src/doctor/checks/files'
import { createMachine, type Machine } from '../../../../src/doctor/checks/machine'
import { createProcFs } from '../../../../src/kernel/proc-fs'

/** A folder of the test's own, with these files in it. */
export function folderWith(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

export function sysctls(time: string, intvl = '75', probes = '9'): Record<string, string> {
  return {
    'proc/sys/net/ipv4/tcp_keepalive_time': `${time}\n`,
    'proc/sys/net/ipv4/tcp_keepalive_intvl': `${intvl}\n`,
    'proc/sys/net/ipv4/tcp_keepalive_probes': `${probes}\n`,
  }
}

/** A Linux machine of which only these files and variables are known. */
export function machineWith(
  t: Test,
  files: Readonly<Record<string, string>>,
  known: Partial<Machine> = {},
): Machine {
  const root = folderWith(t, files)
  return createMachine({
    version: '0.1.0',
    register: '/opt/nat-keepalive/register.js',
    active: null,
    platform: 'linux',
    node: '24.21.0',
    now: new Date('2026-11-22T12:00:00Z'),
    cwd: '/srv/app',
    env: {},
    proc: createProcFs(join(root, 'proc'), 'linux'),
    files: createFiles(root),
    ...known,
  })
}

/** Paths that have to be quoted in one place or another. */
export const awkward = [
  '/a/b.js',
  '/a b/c',
  '/a"b',
  '/a\\b',
  '/a\\ "b',
  "/a'b",
  '/a$b`c',
  '/ü\tx',
  '/\\',
]
