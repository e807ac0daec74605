import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { ensureNodeTests } from './node-tests'

// Fetches sources as apt-get does: the last argument says what, the current folder is where to.
const FAKE_APT_GET = `#!/bin/sh
for what; do :; done
echo "$what" >> "$FAKE_APT_GET_LOG"
[ -z "$FAKE_APT_GET_FAILS" ] || { echo "no such release" >&2; exit 1; }
[ "$what" = update ] && exit
mkdir -p node-v20.1.0/test/parallel node-v20.1.0/lib/test
echo test | tee node-v20.1.0/test/parallel/test-net.js > node-v20.1.0/lib/test/test.js
tar -cJf nodejs_20.1.0+dfsg.orig.tar.xz node-v20.1.0
echo types > nodejs_20.1.0+dfsg.orig-types-node.tar.xz
sleep 0.2
`

function fixture(t: Test) {
  const root = t.testdir({ bin: { 'apt-get': FAKE_APT_GET }, log: '' })
  chmodSync(join(root, 'bin/apt-get'), 0o755)
  const cache = join(root, 'nat-keepalive-tests')
  mkdirSync(cache)
  return {
    cached: () => readdirSync(cache),
    log: () => readFileSync(join(root, 'log'), 'utf8').split('\n').filter(Boolean),
    env: {
      PATH: [join(root, 'bin'), process.env.PATH].join(delimiter),
      XDG_CACHE_HOME: root,
      FAKE_APT_GET_LOG: join(root, 'log'),
    },
  }
}

t.test('fetches the tests alone, once for a release', async (t) => {
  const { cached, log, env } = fixture(t)
  const { version, folder } = await ensureNodeTests(20, env)
  t.equal(version, '20.1.0')
  t.strictSame(readdirSync(join(folder, 'parallel')), ['test-net.js'])
  t.notOk(existsSync(join(folder, '../lib')))
  t.strictSame(log(), ['update', 'nodejs/trixie'])
  t.strictSame(await ensureNodeTests(22, env), { version, folder }, 'the nearest older ones')
  t.equal(log().length, 2)
  t.strictSame(cached(), ['node-tests-trixie'])
})

t.test('two at once get the same complete folder and leave nothing else', async (t) => {
  const { cached, env } = fixture(t)
  const [one, other] = await Promise.all([ensureNodeTests(18, env), ensureNodeTests(18, env)])
  t.strictSame(one, other)
  t.strictSame(readdirSync(join(one.folder, 'parallel')), ['test-net.js'])
  t.strictSame(cached(), ['node-tests-bookworm'])
})

t.test('a download that fails says why and leaves nothing', async (t) => {
  const { cached, env } = fixture(t)
  const failing = ensureNodeTests(24, { ...env, FAKE_APT_GET_FAILS: '1' })
  await t.rejects(failing, { message: /apt-get .* update\nno such release/ })
  t.strictSame(cached(), [])
  await t.rejects(ensureNodeTests(16, env), { message: 'Debian has no tests for Node 16.' })
})
