import t from 'tap'
import { type Linked, LinkedList } from '../../../src/connections/linked-list'

interface Member extends Linked<Member> {
  readonly name: string
}

function member(name: string): Member {
  return { name, before: null, after: null }
}

function names(list: LinkedList<Member>): string {
  return list
    .toArray()
    .map(({ name }) => name)
    .join('')
}

for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
  t.test(`members that leave in the order ${order}`, (t) => {
    const list = new LinkedList<Member>()
    const members = [...'abc'].map(member)
    for (const one of members) list.append(one)
    t.equal(names(list), 'abc')
    let left = 'abc'
    for (const name of order) {
      const leaving = members.find((one) => one.name === name) as Member
      list.remove(leaving)
      left = left.replace(name, '')
      t.equal(names(list), left)
      t.equal(list.size, left.length)
      t.same([leaving.before, leaving.after], [null, null], 'holds on to nobody')
    }
    list.append(members[1] as Member)
    t.equal(names(list), 'b', 'one comes back')
    t.end()
  })
}

t.test('the array is that of the moment', (t) => {
  const list = new LinkedList<Member>()
  const members = [...'abc'].map(member)
  for (const one of members) list.append(one)
  let seen = ''
  for (const one of list.toArray()) {
    seen += one.name
    if (one.name === 'a') list.remove(members[1] as Member)
    if (one.name === 'c') list.append(member('d'))
  }
  t.equal(seen, 'abc')
  t.equal(names(list), 'acd')
  t.end()
})
