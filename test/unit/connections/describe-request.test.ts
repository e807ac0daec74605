import t, { type Test } from 'tap'
import { describeRequest, hostOf, nameRequests } from '../../../src/connections/describe-request'
import type { Config } from '../../../src/settings/setting'
import { hostile, obeyed } from '../../hostile'

function naming(t: Test, as: Config['request']): void {
  nameRequests(as)
  t.teardown(() => nameRequests('host'))
}

const secretPaths = [
  '/bot123:SECRET/getUpdates',
  '/services/T0/B0/SECRET',
  '/bucket/key?X-Amz-Signature=SECRET',
  '/a#SECRET',
  'http://user:SECRET@api.test/SECRET?SECRET#SECRET',
  'http://SECRET@api.test:8080',
  'http://user:SEC/RET@api.test/SECRET',
]

t.test('by default there is a method and a host, and no path is kept', (t) => {
  for (const path of secretPaths) {
    const described = describeRequest('POST', 'api.test', path)
    t.equal(described.path, null)
    t.equal(described.method, 'POST')
    t.notMatch(JSON.stringify(described), /SEC|RET|user|bot/, path)
    if (!path.includes('SEC/RET')) t.equal(described.host, 'api.test', path)
  }
  t.end()
})

t.test('with path there is the path too, without query, cut to 120 characters', (t) => {
  naming(t, 'path')
  const pathOf = (path: string, method = 'GET') => describeRequest(method, 'api.test', path).path
  const table: readonly [asked: string, path: string][] = [
    ['/a/b', '/a/b'],
    ['/a/b?SECRET', '/a/b'],
    ['/a/b#SECRET', '/a/b'],
    ['/a?b#c?d', '/a'],
    ['?SECRET', '/'],
    ['', '/'],
    ['*', '*'],
    ['http://user:SECRET@api.test/a/b?SECRET', '/a/b'],
    ['http://api.test', '/'],
    ['http://user:SEC/RET@api.test/a', '/'],
    [`/${'a'.repeat(119)}`, `/${'a'.repeat(119)}`],
    [`/${'a'.repeat(120)}`, `/${'a'.repeat(119)}...`],
  ]
  for (const [asked, path] of table) t.equal(pathOf(asked), path, asked)
  t.equal(pathOf('user:SECRET@target.test:443', 'CONNECT'), 'target.test:443')
  t.end()
})

t.test('with off nothing of a request is named, and that one waits is still known', (t) => {
  naming(t, 'off')
  const nothing = { method: null, host: null, path: null }
  for (const path of secretPaths) t.strictSame(describeRequest('GET', 'api.test', path), nothing)
  t.end()
})

t.test('a host has no user information, and no path', (t) => {
  const hostIn = (host: unknown) => describeRequest('GET', host, '/').host
  const table: readonly [given: unknown, host: string | null][] = [
    ['api.test', 'api.test'],
    ['::1', '::1'],
    ['user:SECRET@api.test', 'api.test'],
    ['user:SEC@RET@api.test', 'api.test'],
    ['api.test/botSECRET', 'api.test'],
    ['api.test?SECRET', 'api.test'],
    ['api.test#SECRET', 'api.test'],
    [undefined, null],
    [{}, null],
  ]
  for (const [given, host] of table) t.equal(hostIn(given), host, String(given))
  t.equal(hostOf('https://user:SECRET@api.test:8443'), 'api.test')
  t.equal(hostOf('https://[::1]:8443'), '[::1]')
  t.equal(hostOf('nonsense'), null)
  t.end()
})

t.test('nothing of it is obeyed, and nothing is long', (t) => {
  naming(t, 'path')
  for (const text of [hostile, 'x'.repeat(1_000_000), `http://${hostile}`]) {
    const { method, host, path } = describeRequest(text, text, text)
    for (const part of [method, host, path]) {
      t.strictSame(obeyed(part ?? ''), [])
      t.notMatch(part ?? '', '\n')
      t.ok((part ?? '').length <= 260)
    }
  }
  t.end()
})
