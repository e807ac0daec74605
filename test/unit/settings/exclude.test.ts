import t from 'tap'
import { compileExclude, parseExcludeRule } from '../../../src/settings/exclude'

t.test('refuses what is no rule', (t) => {
  const table = [
    '',
    '   ',
    '*',
    '*.',
    '[*]:5432',
    'a.*',
    '*a.internal',
    '*.*.internal',
    '**.internal',
    '.internal',
    'db..internal',
    'db.internal..',
    '-db.internal',
    'db-.internal',
    'db internal',
    'db\ninternal',
    'db.internal/8',
    'http://db.internal',
    'db.internal:',
    'db.internal:0',
    'db.internal:65536',
    'db.internal:-1',
    'db.internal:+1',
    'db.internal:5432x',
    'db.internal:５４３２',
    'db.internal:1:2',
    ':5432',
    '[db.internal]:5432',
    'bücher.internal',
    `${'a'.repeat(64)}.internal`,
    `${'a.'.repeat(127)}`.repeat(2),
    '10',
    '10.1.2',
    '10.1.2.300',
    '10.1.2.3.4',
    '010.1.2.3',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/8:',
    '10.0.0.0:5432/8',
    '[10.1.2.3]:5432',
    '１0.1.2.3',
    'fd00::/129',
    'fd00:::1',
    '::1:99999999',
    '[::1',
    '::1]',
    '[::1]5432',
    '[::1]:',
    '[::1]:0',
    '[::1]:70000',
    '[]:80',
    '[]',
    '[[::1]]',
    '::ffff:10.0.0.0/95',
    '::ffff:10.0.0.0/129',
  ]
  for (const text of table) t.equal(parseExcludeRule(text), null, JSON.stringify(text.slice(0, 40)))
  t.end()
})

t.test('takes rules apart', (t) => {
  t.same(parseExcludeRule(' DB.Internal.:5432 '), {
    text: 'DB.Internal.:5432',
    port: 5432,
    kind: 'name',
    name: 'db.internal',
  })
  t.same(parseExcludeRule('*.Internal'), {
    text: '*.Internal',
    port: null,
    kind: 'suffix',
    suffix: '.internal',
  })
  t.same(parseExcludeRule('[FD00:0::/8]:443'), {
    text: '[FD00:0::/8]:443',
    port: 443,
    kind: 'network',
    address: 'fd00::',
    family: 'ipv6',
    zone: '',
    prefix: 8,
  })
  t.match(parseExcludeRule('::ffff:10.0.0.0/104'), {
    address: '10.0.0.0',
    family: 'ipv4',
    prefix: 8,
  })
  t.match(parseExcludeRule('fe80::1%eth0'), { address: 'fe80::1', zone: 'eth0', prefix: 128 })
  t.end()
})

t.test('matches hosts', (t) => {
  const table: readonly [rule: string, host: string, port: number, matches: boolean][] = [
    ['db.internal', 'db.internal', 1, true],
    ['db.internal', 'DB.INTERNAL', 1, true],
    ['db.internal', 'db.internal.', 1, true],
    ['db.internal.', 'db.internal', 1, true],
    ['db.internal', 'a.db.internal', 1, false],
    ['db.internal', 'db.internal.evil', 1, false],
    ['db.internal', 'xdb.internal', 1, false],
    ['db.internal', '', 1, false],
    ['db.internal:5432', 'db.internal', 5432, true],
    ['db.internal:5432', 'db.internal', 5433, false],
    ['localhost', 'localhost', 1, true],
    ['localhost', '127.0.0.1', 1, false],
    ['a_b.internal', 'a_b.internal', 1, true],
    ['xn--bcher-kva.internal', 'xn--bcher-kva.internal', 1, true],
    ['*:5432', 'db.internal', 5432, true],
    ['*:5432', 'db.internal', 5433, false],
    ['*.internal', 'db.internal', 1, true],
    ['*.internal', 'a.b.internal', 1, true],
    ['*.internal', 'DB.Internal.', 1, true],
    ['*.internal', 'internal', 1, false],
    ['*.internal', '.internal', 1, false],
    ['*.internal', 'notinternal', 1, false],
    ['*.internal', 'db.internal.com', 1, false],
    ['*.db.internal:80', 'a.db.internal', 80, true],
    ['*.db.internal:80', 'a.db.internal', 81, false],
    ['10.1.2.3', '10.1.2.3', 1, true],
    ['10.1.2.3', '10.1.2.4', 1, false],
    ['10.1.2.3:5432', '10.1.2.3', 5432, true],
    ['10.1.2.3:5432', '10.1.2.3', 5433, false],
    ['10.0.0.0/8', '10.255.0.1', 1, true],
    ['10.0.0.0/8', 'ten.internal', 1, false],
    ['::1', '::1', 1, true],
    ['::1', '[::1]', 1, true],
    ['[::1]', '::1', 1, true],
  ]
  for (const [rule, host, port, matches] of table) {
    const found = compileExclude([rule]).host(host, port)
    t.equal(found, matches ? rule : null, `${rule} and ${host}:${port}`)
  }
  t.end()
})

t.test('matches addresses', (t) => {
  const table: readonly [rule: string, address: string, port: number, matches: boolean][] = [
    ['10.0.0.0/8', '10.0.0.0', 1, true],
    ['10.0.0.0/8', '10.255.255.255', 1, true],
    ['10.0.0.0/8', '11.0.0.0', 1, false],
    ['10.1.2.3/8', '10.9.9.9', 1, true],
    ['10.0.0.0/8:5432', '10.1.1.1', 5432, true],
    ['10.0.0.0/8:5432', '10.1.1.1', 443, false],
    ['0.0.0.0/0', '203.0.113.9', 1, true],
    ['0.0.0.0/0', '::1', 1, false],
    ['0.0.0.0/0', '::ffff:203.0.113.9', 1, true],
    ['::/0', '2001:db8::1', 1, true],
    ['::/0', '10.0.0.1', 1, false],
    ['::/0', '::ffff:10.0.0.1', 1, false],
    ['10.1.2.3', '::ffff:10.1.2.3', 1, true],
    ['10.1.2.3', '::FFFF:a01:203', 1, true],
    ['10.1.2.3', '0:0:0:0:0:ffff:0a01:0203', 1, true],
    ['10.1.2.3', '::10.1.2.3', 1, false],
    ['10.1.2.3', '::fffe:10.1.2.3', 1, false],
    ['::ffff:10.1.2.3', '10.1.2.3', 1, true],
    ['::ffff:10.0.0.0/104', '10.200.0.1', 1, true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', 1, false],
    ['::ffff:0:0/96', '203.0.113.9', 1, true],
    ['fd00::/8', 'fdff::1', 1, true],
    ['fd00::/8', 'fc00::1', 1, false],
    ['fd00::/7', 'fc00::1', 1, true],
    ['fd00::1', 'fd00:0:0::0:1', 1, true],
    ['[fd00::1]:5432', 'fd00::1', 5432, true],
    ['[fd00::1]:5432', 'fd00::1', 5433, false],
    ['[fd00::/8]:443', 'fd12::9', 443, true],
    ['[fd00::/8]:443', 'fd12::9', 80, false],
    ['fe80::1', 'fe80::1%eth0', 1, true],
    ['fe80::/10', 'fe80::9%eth0', 1, true],
    ['fe80::1%eth0', 'fe80::1%eth0', 1, true],
    ['fe80::1%eth0', 'fe80::1%eth1', 1, false],
    ['fe80::1%eth0', 'fe80::1', 1, false],
    ['fe80::%eth0/64', 'fe80::7%eth0', 1, true],
    ['10.1.2.3', 'db.internal', 1, false],
    ['10.1.2.3', '', 1, false],
    ['db.internal', 'db.internal', 1, false],
  ]
  for (const [rule, address, port, matches] of table) {
    const found = compileExclude([rule]).address(address, port)
    t.equal(found, matches ? rule : null, `${rule} and ${address} port ${port}`)
  }
  t.end()
})

t.test('every prefix length of both families ends where it says', (t) => {
  const flip = (bits: string, at: number) =>
    bits.slice(0, at) + (bits[at] === '0' ? '1' : '0') + bits.slice(at + 1)
  const v4 = (bits: string) =>
    (bits.match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)).join('.')
  const v6 = (bits: string) =>
    (bits.match(/.{16}/g) ?? []).map((b) => Number.parseInt(b, 2).toString(16)).join(':')
  const wrong: string[] = []
  for (const [size, write] of [
    [32, v4],
    [128, v6],
  ] as const) {
    const bits = '0010000110110100'.repeat(size / 16)
    for (let prefix = 0; prefix <= size; prefix++) {
      const rule = `${write(bits)}/${prefix}`
      const exclude = compileExclude([rule])
      const inside = prefix < size ? flip(bits, prefix) : bits
      if (exclude.address(write(inside), 1) !== rule) wrong.push(`${rule} inside`)
      if (prefix > 0 && exclude.address(write(flip(bits, prefix - 1)), 1) !== null) {
        wrong.push(`${rule} outside`)
      }
    }
  }
  t.same(wrong, [])
  t.end()
})

t.test('answers with the first rule that matches, as it was written', (t) => {
  const exclude = compileExclude(['DB.internal:5432', '*.internal', '10.0.0.0/8:1', '10.0.0.0/7'])
  t.equal(exclude.host('db.internal', 5432), 'DB.internal:5432')
  t.equal(exclude.host('db.internal', 80), '*.internal')
  t.equal(exclude.address('10.0.0.1', 1), '10.0.0.0/8:1')
  t.equal(exclude.address('10.0.0.1', 2), '10.0.0.0/7')
  t.end()
})

t.test('says whether there is anything to ask', (t) => {
  t.equal(compileExclude([]).empty, true)
  t.equal(compileExclude(['db.internal']).empty, false)
  t.equal(compileExclude(['!', '']).empty, true)
  t.equal(compileExclude([]).host('db.internal', 1), null)
  t.equal(compileExclude([]).address('10.0.0.1', 1), null)
  t.end()
})

t.test('a name needs its address where there are rules for addresses', (t) => {
  for (const rules of [[], ['db.internal', '*.test'], ['!']]) {
    t.equal(compileExclude(rules).needsAddress('db.test'), false, `${rules}`)
  }
  const exclude = compileExclude(['db.internal', '::1'])
  for (const host of [
    'db.test',
    'localhost',
    '10.1',
    '',
    '0.0.0.0',
    '::',
    '0::0',
    '::ffff:0.0.0.0',
  ]) {
    t.equal(exclude.needsAddress(host), true, host)
  }
  for (const host of ['10.0.0.1', '::1', 'fe80::1%eth0', '::ffff:10.0.0.1']) {
    t.equal(exclude.needsAddress(host), false, host)
  }
  t.end()
})
