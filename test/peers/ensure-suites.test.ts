import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { ensureSuites } from './ensure-suites'
import type { Suite } from './suite'

// Fetches sources as apt-get does: the last argument says what, the current folder is where to. Of
// node-part no server has the further archives, of node-gone none.
const FAKE_APT_GET = `#!/bin/sh
for what; do :; done
echo "$what" >> "$FAKE_APT_GET_LOG"
[ "$what" = update ] && exit
name=\${what%/*}
[ "$name" = node-broken ] && { echo "E: no space left" >&2; exit 100; }
mkdir -p upstream/test
echo "$name" > upstream/test/name
[ "$name" = node-gone ] || tar -cJf "\${name}_1.0.orig.tar.xz" upstream
case $name in
  node-part | node-gone) echo "E: Failed to fetch \${name}_1.0.orig-part.tar.xz  404  Not Found" >&2; exit 100 ;;
esac
`

function fixture(t: Test) {
  const root = t.testdir({ bin: { 'apt-get': FAKE_APT_GET }, tmp: {}, log: '' })
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

function suite(sourcePackage: string, release = 'trixie'): Suite {
  return { name: sourcePackage, sourcePackage, release, tests: /./, argv: (path) => [path] }
}

t.test('fetches the sources of each, once, and a list once for a release', async (t) => {
  const { cached, log, env } = fixture(t)
  const suites = [suite('node-one'), suite('node-two'), suite('node-one', 'forky')]
  const { folders, missing } = await ensureSuites(suites, env)
  t.strictSame(missing, [])
  for (const one of suites) {
    const folder = folders.get(one) ?? ''
    t.equal(readFileSync(join(folder, 'test/name'), 'utf8'), `${one.sourcePackage}\n`)
    t.notOk(existsSync(join(folder, 'upstream')))
  }
  t.strictSame(log(), [
    ...['update', 'node-one/trixie', 'node-two/trixie'],
    ...['update', 'node-one/forky'],
  ])
  t.strictSame(await ensureSuites(suites, env), { folders, missing })
  t.equal(log().length, 5)
  t.strictSame(cached(), ['node-one-forky', 'node-one-trixie', 'node-two-trixie'])
})

t.test('does without the archives that are of no use', async (t) => {
  const { env } = fixture(t)
  const { folders, missing } = await ensureSuites([suite('node-part')], env)
  t.strictSame(missing, [])
  t.equal(folders.size, 1)
})

t.test('says whose sources no server has, and fetches the others', async (t) => {
  const { cached, env } = fixture(t)
  const { folders, missing } = await ensureSuites([suite('node-gone'), suite('node-one')], env)
  t.equal(folders.size, 1)
  t.strictSame(missing, [
    'The tests of node-gone cannot be had: No server has the sources of node-gone/trixie.',
  ])
  t.strictSame(cached(), ['node-one-trixie'])
})

t.test('throws where they cannot be fetched for another reason', async (t) => {
  const { cached, env } = fixture(t)
  await t.rejects(ensureSuites([suite('node-broken')], env), { message: /no space left/ })
  t.strictSame(cached(), [])
})
