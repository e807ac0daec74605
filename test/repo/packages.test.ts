import { chmodSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { ensurePackages } from '../packages'

const FAKE_NPM = `#!/bin/sh
echo "$PWD $*" >> "$FAKE_NPM_LOG"
sleep 0.2
[ -z "$FAKE_NPM_FAILS" ] || { echo "no such package" >&2; exit 1; }
mkdir -p node_modules/thing && cp package.json node_modules/thing/
`

function fixture(t: Test) {
  const root = t.testdir({
    bin: { npm: FAKE_NPM },
    cache: { 'nat-keepalive-tests': {} },
    story: { 'package.json': '{}', 'package-lock.json': '{"lockfileVersion":3}' },
    'npm.log': '',
  })
  chmodSync(join(root, 'bin', 'npm'), 0o755)
  const cache = join(root, 'cache', 'nat-keepalive-tests')
  return {
    story: join(root, 'story'),
    cache,
    cached: () => readdirSync(cache),
    runs: () => readFileSync(join(root, 'npm.log'), 'utf8').split('\n').filter(Boolean),
    env: {
      PATH: [join(root, 'bin'), process.env.PATH].join(delimiter),
      XDG_CACHE_HOME: join(root, 'cache'),
      FAKE_NPM_LOG: join(root, 'npm.log'),
    },
  }
}

t.test('installs once for a lock file, without scripts, and again when it changes', async (t) => {
  const { story, cached, runs, env } = fixture(t)
  const path = await ensurePackages(story, env)
  t.match(path, /nat-keepalive-tests\/story-[0-9a-f]{16}\/node_modules$/)
  t.match(readdirSync(path), ['thing'])
  t.match(runs(), [/ ci --ignore-scripts --no-audit --no-fund$/])
  t.equal(await ensurePackages(story, env), path)
  t.equal(runs().length, 1)

  writeFileSync(join(story, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}')
  t.not(await ensurePackages(story, env), path)
  t.equal(runs().length, 2)
  t.equal(cached().length, 2)
})

t.test('the .npmrc of a folder is that of its installation, and part of its content', async (t) => {
  const { story, env } = fixture(t)
  const bare = await ensurePackages(story, env)
  t.notOk(readdirSync(dirname(bare)).includes('.npmrc'))
  writeFileSync(join(story, '.npmrc'), 'omit=optional\n')
  const path = await ensurePackages(story, env)
  t.not(path, bare)
  t.equal(readFileSync(join(dirname(path), '.npmrc'), 'utf8'), 'omit=optional\n')
})

t.test('two at once get the same complete folder and leave nothing else', async (t) => {
  const { story, cached, runs, env } = fixture(t)
  const both = await Promise.all([ensurePackages(story, env), ensurePackages(story, env)])
  t.equal(both[0], both[1])
  t.match(readdirSync(both[0]), ['thing'])
  t.equal(runs().length, 2, 'both did install: what they share was not there yet')
  t.equal(cached().length, 1)
})

t.test('an installation that fails says why and leaves nothing', async (t) => {
  const { story, cached, env } = fixture(t)
  const failing = ensurePackages(story, { ...env, FAKE_NPM_FAILS: '1' })
  await t.rejects(failing, { message: /npm ci .* ended with 1: no such package/ })
  t.strictSame(cached(), [])
})

t.test('removes what a killed run left, and leaves one alone that may be running', async (t) => {
  const { story, cache, cached, env } = fixture(t)
  const path = await ensurePackages(story, env)
  for (const [name, ageSeconds] of [
    ['.story-old', 7200],
    ['.story-new', 60],
  ] as const) {
    writeFileSync(join(cache, name), '')
    const then = Date.now() / 1000 - ageSeconds
    utimesSync(join(cache, name), then, then)
  }
  writeFileSync(join(story, 'package.json'), '{"private":true}')
  await ensurePackages(story, env)
  t.notOk(cached().includes('.story-old'))
  t.ok(cached().includes('.story-new'))
  t.ok(cached().includes(basename(dirname(path))))
})
