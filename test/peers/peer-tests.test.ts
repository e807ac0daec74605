import t from 'tap'
import { packagesHere } from '../core/place'
import { peerTest, readPeerTests } from './peer-tests'
import type { Suite } from './suite'
import { suites } from './suites'

const suite: Suite = {
  name: 'client',
  sourcePackage: 'node-client',
  release: 'trixie',
  tests: /^test\/.*\.js$/,
  except: /internet/,
  argv: (path) => ['runner', path],
}

t.test('the tests of a suite are found in its folder', async (t) => {
  const folder = t.testdir({
    test: { 'b.js': '', 'a.js': '', 'internet.js': '', 'a.json': '', deep: { 'c.js': '' } },
    lib: { 'a.js': '' },
  })
  t.strictSame(readPeerTests(suite, folder), [
    peerTest(suite, folder, 'test/a.js'),
    peerTest(suite, folder, 'test/b.js'),
    peerTest(suite, folder, 'test/deep/c.js'),
  ])
})

t.test('those of interest alone', async (t) => {
  const folder = t.testdir({ test: { 'a.js': 'net.createServer()', 'b.js': 'parse()' } })
  const some: Suite = { ...suite, content: /createServer/ }
  t.strictSame(readPeerTests(some, folder), [peerTest(some, folder, 'test/a.js')])
})

t.test('a test is named after its suite, and finds the packages that this needs', async (t) => {
  const special: Suite = {
    ...suite,
    env: { HOST: 'localhost' },
    packages: { ws: 'ws3' },
    links: { 'lib/built.js': '/built.js' },
  }
  t.strictSame(peerTest(special, '/source', 'test/a.js'), {
    name: 'client/test/a.js',
    family: 'client',
    argv: ['runner', 'test/a.js'],
    folder: '/source',
    links: { 'node_modules/ws': `${packagesHere}/ws3`, 'lib/built.js': '/built.js' },
    env: { HOST: 'localhost' },
  })
})

t.test('every suite has a name of its own, and the packages it asks for are locked', async (t) => {
  const { dependencies } = require('./package.json')
  t.equal(new Set(suites.map(({ name }) => name)).size, suites.length)
  for (const { packages = {}, argv } of suites) {
    const programs = argv('test.js').filter((part) => part.startsWith(packagesHere))
    const runners = programs.map((path) => path.slice(packagesHere.length + 1).split('/')[0])
    for (const name of [...Object.values(packages), ...runners]) {
      t.ok(dependencies[name ?? ''], `${name}`)
    }
  }
})
