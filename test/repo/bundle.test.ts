import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../run-node'

const dist = join(root, 'dist')

const connect = `require('node:net').connect(9, '127.0.0.1').on('error', () => {
  // What is wrong with the settings has been told then.
  setTimeout(() => console.log(Object.keys(require.cache).join()), 20)
})`

t.test(
  'a program that connects loads four files, and a fifth only to be told something',
  async (t) => {
    const loaded = async (env: Record<string, string>) => {
      const { stdout } = await runNode(['-r', register, '-e', connect], { env })
      const files = stdout.trim().split(',')
      return files
        .map((file) => relative(root, file))
        .filter((file) => file.startsWith('dist'))
        .sort()
    }
    const four = [
      'dist/hook/hook.js',
      'dist/hook/preloaded.js',
      'dist/register.js',
      'dist/settings/config.js',
    ]
    t.strictSame(await loaded({}), four)
    t.strictSame(await loaded({ NAT_KEEPALIVE_LIMIT: '5m' }), four)
    t.strictSame(
      await loaded({ NAT_KEEPALIVE_LIMIT: '5' }),
      [...four, 'dist/hook/startup.js'].sort(),
    )
  },
)

t.test('every module exists once, whichever file it is asked of', async (t) => {
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !/^(lab|demo|cli)\/|^bin\.js/.test(file))
    .map((file) => `./${file.slice(0, -3)}`)
  t.ok(names.length > 40, `${names.length} modules`)
  const script = `
    const { join } = require('node:path')
    const bundles = ['register', 'hook/preloaded', 'settings/config', 'hook/hook', 'hook/startup', 'watch/watch'].map((name) => require('./dist/' + name))
    const names = ${JSON.stringify(names)}
    let bundled = 0
    for (const name of names) {
      const own = require(join(${JSON.stringify(dist)}, name))
      const others = bundles.map((bundle) => { try { return bundle.bundled(name) } catch {} })
      const same = others.filter((other) => other === own).length
      const rest = others.filter((other) => other !== undefined && other !== own).length
      if (rest > 0) console.log('twice:', name)
      if (same > 0) bundled++
    }
    console.log(bundled > 30 ? 'once' : bundled)`
  const { stdout, stderr } = await runNode(['-e', script])
  t.equal(stderr, '')
  t.equal(stdout, 'once\n')
})
