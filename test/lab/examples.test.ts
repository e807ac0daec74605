import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { assertSurvived, labTest } from '../../src/lab/testing'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { root, withEnv } from '../run-node'
import { needLab } from './need-lab'

// The examples of the lab, run as their users would, by the real runners.

const packages = ensurePackages(join(__dirname, '../environments'))

async function runners(): Promise<Record<string, readonly string[]>> {
  const modules = await packages
  return {
    'node-test.test.mjs': ['--test', 'node-test.test.mjs'],
    'jest.test.cjs': [join(modules, 'jest/bin/jest.js'), '--watchman=false'],
    'vitest.test.mjs': [join(modules, 'vitest/vitest.mjs'), 'run'],
  }
}

async function play(t: Test, file: string, change = (text: string) => text, env = {}) {
  const folder = temporaryFolder(t)
  const examples = join(root, 'examples/lab')
  for (const name of ['client.js', 'server.js']) cpSync(join(examples, name), join(folder, name))
  writeFileSync(join(folder, file), change(readFileSync(join(examples, file), 'utf8')))
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/nat-keepalive'))
  symlinkSync(join(await packages, 'vitest'), join(folder, 'node_modules/vitest'))
  const args = (await runners())[file] ?? []
  const [command = '', ...rest] = withEnv({ ...env, HOME: folder, NO_COLOR: '1' }, [
    process.execPath,
    ...args,
  ])
  const { status, stdout, stderr } = spawnSync(command, rest, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 90_000,
  })
  return { status, said: stdout + stderr }
}

for (const file of ['node-test.test.mjs', 'jest.test.cjs', 'vitest.test.mjs']) {
  t.test(`${file} passes, because the hook is there`, async (t) => {
    if (!needLab(t)) return
    const { status, said } = await play(t, file)
    t.equal(status, 0, said)
    t.match(said, /\b1 pass|pass 1\b/)
  })
}

t.test('without the hook it fails, and says why', async (t) => {
  if (!needLab(t)) return
  const without = (text: string) => text.replace("hook: 'with'", "hook: 'without'")
  const { status, said } = await play(t, 'node-test.test.mjs', without)
  t.equal(status, 1)
  t.match(said, '1 connection died, 1 request was lost.')
})

t.test('where there can be no lab, it is skipped with the reason, or fails in CI', async (t) => {
  const nowhere = { PATH: '/no-such-folder' }
  const skipped = await play(t, 'node-test.test.mjs', undefined, nowhere)
  t.equal(skipped.status, 0, skipped.said)
  t.match(skipped.said, /skipped 1[\s\S]*needs ip, nft|needs ip, nft[\s\S]*skipped 1/)
  const failed = await play(t, 'node-test.test.mjs', undefined, { ...nowhere, CI: 'true' })
  t.equal(failed.status, 1, failed.said)
})

t.test('a test function is given its time', (t) => {
  const seen: unknown[] = []
  const test = Object.assign((...args: unknown[]) => void seen.push(args.length, args[2]), {
    skip: () => {},
  })
  labTest(test, { required: true, timeoutMs: 7 })('name', async () => {})
  t.strictSame(seen, [3, 7])
  const survived = { died: 0, requestsLost: 0, gaveUp: 0, closedLate: 1 }
  const ending = { ...survived, code: 0, signal: null, timedOut: false, stdout: 'out', stderr: '' }
  t.doesNotThrow(() => assertSurvived(ending))
  t.throws(() => assertSurvived({ ...ending, died: 2 }), { message: /^2 connections died/ })
  t.throws(() => assertSurvived({ ...ending, code: 3 }), { message: /ended with 3\.\nout$/ })
  t.throws(() => assertSurvived({ ...ending, code: null, timedOut: true }), { message: /in time/ })
  t.end()
})
