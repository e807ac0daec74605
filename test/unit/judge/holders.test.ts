import t from 'tap'
import { type Holder, Holders, type Surmise } from '../../../src/judge/holders'

const socket = (inode: number, ...fds: number[]) => ({ inode, fds })
const alone: Surmise = { javascript: new Set([20, 21]), workers: false }
const withWorkers: Surmise = { ...alone, workers: true }

t.test('what came after the first look is native code, where there are no workers', (t) => {
  const holders = new Holders()
  holders.see(new Set([1, 2]))
  holders.see(new Set([1, 2, 3]))
  const table: readonly [ReturnType<typeof socket>, Surmise, Holder][] = [
    [socket(3, 30), alone, 'native'],
    [socket(3, 30), withWorkers, null],
    [socket(1, 30), alone, null],
    [socket(2, 30), withWorkers, null],
    [socket(3, 20), alone, 'javascript'],
    [socket(1, 21), withWorkers, 'javascript'],
    [socket(3, 30, 20), alone, 'javascript'],
  ]
  for (const [one, surmise, holder] of table) {
    t.equal(holders.holderOf(one, surmise), holder, JSON.stringify([one, surmise.workers]))
  }
  t.end()
})

t.test('before there was a look nothing is known', (t) => {
  t.equal(new Holders().holderOf(socket(1, 30), alone), null)
  t.end()
})

t.test('an inode that was closed and is used again is not that of the first look', (t) => {
  const holders = new Holders()
  for (const inodes of [[1, 2], [2], [1, 2]]) holders.see(new Set(inodes))
  t.equal(holders.holderOf(socket(1, 30), alone), 'native')
  t.equal(holders.holderOf(socket(2, 30), alone), null)
  t.end()
})

t.test('the inodes that are given are not kept, nor changed', (t) => {
  const holders = new Holders()
  const inodes = new Set([1])
  holders.see(inodes)
  inodes.add(2)
  t.equal(holders.holderOf(socket(2, 30), alone), 'native')
  holders.see(inodes)
  t.strictSame([...inodes], [1, 2])
  t.end()
})
