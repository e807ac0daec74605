import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { needLab } from '../lab/need-lab'
import { root, withEnv } from '../run-node'
import { needFiles } from './need-files'

const fuzz = join(root, 'test/native-part/programs/fuzz.cjs')
export const source = readFileSync(join(root, 'native/nat-keepalive.c'), 'utf8')
const gcc = '/usr/bin/gcc'

/** Whether there is what this takes. */
export function needSanitizers(t: Test): boolean {
  return needLab(t) && needFiles(t, { [gcc]: 'gcc' })
}

/** Builds this source with the address and undefined behaviour sanitizers. */
export function build(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-fuzz-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [from, to] = [join(folder, 'part.c'), join(folder, 'part.node')]
  writeFileSync(from, text)
  const sanitizers = [
    '-fsanitize=address,undefined,float-cast-overflow',
    '-fno-sanitize-recover=all',
  ]
  const flags = ['-std=gnu11', '-O1', '-g', '-fPIC', '-shared', '-fvisibility=hidden']
  execFileSync(gcc, [...flags, ...sanitizers, from, '-o', to])
  return to
}

function library(name: string): string {
  return realpathSync(execFileSync(gcc, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim())
}

export interface Run {
  code: number | null
  signal: string | null
  said: string
}

/**
 * Calls the functions of a file so often, with garbage, in network and process namespaces of their
 * own: what calls itself by luck a process or a socket is none of this machine.
 */
export function run(addon: string, calls: number, seed: number, node = process.execPath): Run {
  const preloaded = `LD_PRELOAD=${library('libasan.so')}:${library('libubsan.so')}`
  const options = 'ASAN_OPTIONS=detect_leaks=0:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=0'
  const script = `ip link set lo up; exec env ${preloaded} ${options} "$@"`
  const program = [node, fuzz, addon, String(calls), String(seed)]
  const argv = ['unshare', '-rpnf', '--kill-child', 'sh', '-ec', script, 'sh', ...program]
  const [command = '', ...rest] = withEnv({ LANG: 'C' }, argv)
  const options_ = { encoding: 'utf8', timeout: 800_000, killSignal: 'SIGKILL' } as const
  const { status, signal, stdout, stderr } = spawnSync(command, rest, options_)
  return { code: status, signal, said: `${stdout}${stderr}` }
}

/** Calls the functions as they are, and fails unless that was all right and reached all of them. */
export function assertUnharmed(t: Test, calls: number, seed: number, node?: string): void {
  const { code, signal, said } = run(build(t, source), calls, seed, node)
  t.strictSame([code, signal], [0, null], said.slice(0, 2_000))
  if (code !== 0) return
  t.comment(said)
  const seen: Record<string, { calls: number; invalid: number; done: number }> = JSON.parse(said)
  t.equal(Object.keys(seen).length, 7)
  for (const [name, tally] of Object.entries(seen)) {
    t.ok(tally.invalid > calls / 1_000, `${name}: ${tally.invalid} calls were wrong`)
    t.ok(tally.done > calls / 1_000, `${name}: ${tally.done} calls did something`)
  }
}
