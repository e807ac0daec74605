import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseConfig } from '../../src/settings/config'
import { root, withEnv } from '../run-node'
import { setsProbes } from '../ways-expected'

/** A folder that is gone after the test. */
export function temporaryFolder(t: Test, name = 'nat-keepalive-'): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface MountedRun {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `argv` in a mount namespace of its own, after the shell commands of `script`. */
export function runMounted(
  script: string,
  argv: readonly string[],
  { env = {}, cwd = root }: { env?: Record<string, string>; cwd?: string } = {},
): MountedRun {
  const shell = ['unshare', '-rm', 'sh', '-ec', `${script}\nexec "$@"`, 'sh', ...argv]
  const [command = '', ...rest] = withEnv({ NAT_KEEPALIVE_NATIVE: 'off', ...env }, shell)
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd })
  return { code: status, stdout, stderr }
}

/** Whether there are mount namespaces; where there are none a test is skipped aloud, or fails in CI. */
export function needMounts(t: Test): boolean {
  const { code, stderr } = runMounted('mount -t tmpfs none /mnt', ['true'])
  if (code === 0) return true
  const missing = `There are no mount namespaces for this user (${stderr.trim()}).`
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(missing)
  else t.pass(missing, { skip: true })
  return false
}

/**
 * Shell commands that put `folder` at /opt/nat-keepalive, read-only. What else is in /opt stays: it
 * may be the Node that runs this.
 */
export function atOpt(folder: string): string {
  return `
    old=/mnt; mount -t tmpfs none $old
    mkdir $old/opt; mount --rbind /opt $old/opt; mount -t tmpfs none /opt
    for each in $old/opt/*/; do
      [ -d "$each" ] || continue
      name=$(basename "$each"); mkdir "/opt/$name"; mount --rbind "$each" "/opt/$name"
    done
    umount -l $old/opt $old
    mkdir -p /opt/nat-keepalive
    mount --bind ${quote(folder)} /opt/nat-keepalive
    mount -o remount,bind,ro /opt/nat-keepalive`
}

/**
 * Shell commands that play what Kubernetes and ECS do: a container runs `command`, which fills the
 * volume at `from` out of the image, and the next container has the volume at `to`, read-only.
 */
export function copiedFrom(
  image: string,
  { command, from, to }: { command: readonly string[]; from: string; to: string },
): string {
  return `${atOpt(image)}
    mount -t tmpfs none ${quote(from)}
    ${command.map(quote).join(' ')}
    umount /opt/nat-keepalive
    mount --bind ${quote(from)} ${quote(to)}
    mount -o remount,bind,ro ${quote(to)}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A program that prints what the kernel has for a connection of its own. */
export const program = [process.execPath, join(root, 'test/fixtures/ways.cjs'), 'net', 'tls']

/** What a protected program prints there: the defaults, as far as this Node can set them. */
function protectedOptions(): object {
  const { delayMs, intervalMs, probes } = parseConfig({}).config
  return {
    on: true,
    idle: delayMs / 1000,
    ...(setsProbes(process.versions.node)
      ? { interval: intervalMs / 1000, count: probes }
      : { interval: 1, count: 10 }),
  }
}

/** Fails unless the run of `program` was protected, and silent. */
export function assertProtected(t: Test, { code, stdout, stderr }: MountedRun, name: string): void {
  t.strictSame([code, stderr], [0, ''], `${name}: runs, and says nothing`)
  const seen = code === 0 ? (JSON.parse(stdout) as { options: object[] }[]) : []
  const options = protectedOptions()
  t.strictSame(
    seen.map((look) => look.options),
    [[options], [options]],
    `${name}: the kernel has the options`,
  )
}

/** Fails unless the run of `program` was not: the other half of the measurement. */
export function assertUnprotected(t: Test, { code, stdout }: MountedRun, name: string): void {
  t.equal(code, 0, `${name}: runs`)
  const seen = code === 0 ? (JSON.parse(stdout) as { options: { on: boolean }[] }[]) : []
  t.strictSame(
    seen.map(({ options }) => options.map(({ on }) => on)),
    [[false], [false]],
    `${name}: keepalive is off`,
  )
}

/** The version that the files of the examples have to name. */
export const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
}
