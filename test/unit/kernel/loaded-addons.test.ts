import t, { type Test } from 'tap'
import { loadedAddons } from '../../../src/kernel/loaded-addons'
import { createProcFs } from '../../../src/kernel/proc-fs'

function addons(t: Test, ...paths: string[]): readonly string[] {
  const maps = paths
    .map((path) => `7f0c8d3c4000-7f0c8d3c5000 r-xp 00000000 fe:01 4711    ${path}\n`)
    .join('')
  return loadedAddons(createProcFs(t.testdir({ self: { maps } }), 'linux'))
}

t.test('addons are named by their packages, each once, ours not', (t) => {
  t.strictSame(
    addons(
      t,
      '/usr/bin/node',
      '/app/node_modules/libpq/build/Release/addon.node',
      '/app/node_modules/libpq/build/Release/addon.node',
      '/app/node_modules/.pnpm/zeromq@6/node_modules/zeromq/build/linux/node.node',
      '/app/node_modules/@valkey/valkey-glide-linux-x64/node.linux.node',
      '/opt/own build/addon.node',
      '/app/node_modules/nat-keepalive/native/linux-x64.node',
      '/opt/nat-keepalive/native/linux-arm64.node',
      '[vdso]',
    ),
    ['libpq', 'zeromq', '@valkey/valkey-glide-linux-x64', 'addon.node'],
  )
  t.end()
})

t.test('five are enough, and none is known where the file cannot be read', (t) => {
  t.equal(addons(t, ...Array.from({ length: 9 }, (_, at) => `/a/${at}.node`)).length, 5)
  t.strictSame(loadedAddons(createProcFs('/nowhere', 'linux')), [])
  t.strictSame(loadedAddons(createProcFs('/proc', 'darwin')), [])
  t.end()
})
