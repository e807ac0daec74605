import t from 'tap'
import { guarded } from '../../../src/process/guarded'
import { runNode } from '../../run-node'

function fail(): never {
  throw new Error('ours')
}

t.test('what goes well passes through', async (t) => {
  const sum = guarded('a sum', (a: number, b: number) => a + b)
  t.equal(sum(1, 2), 3)
  t.equal(await guarded('a promise', async (value: string) => value)('later'), 'later')
})

t.test('what is thrown stays inside, and something stands for the result', async (t) => {
  t.equal(guarded('a fault', fail)(), undefined)
  const first = guarded(
    'a fault',
    (_value: string): string => fail(),
    (_error, value) => value,
  )
  t.equal(first('as it was'), 'as it was')
  const seen: unknown[] = []
  guarded('a fault', fail, (error) => seen.push(error) as never)()
  t.match(seen, [{ message: 'ours' }])
})

t.test('a promise does not reject', async (t) => {
  t.equal(await guarded('a fault', async () => fail())(), undefined)
  const instead = guarded(
    'a fault',
    async (): Promise<string> => fail(),
    async () => 'instead',
  )
  t.equal(await instead(), 'instead')
})

t.test('whatever is thrown, and where the rescue fails too', (t) => {
  for (const thrown of [undefined, null, 7, 'text', Symbol('s'), Object.create(null)]) {
    const run = guarded(
      'a fault',
      () => {
        throw thrown
      },
      fail,
    )
    t.equal(run(), undefined, String(typeof thrown))
  }
  t.end()
})

t.test('at the end of the stack nothing of ours adds an error', async (t) => {
  const { stdout } = await runNode([
    '-e',
    `
    const { guarded } = require('./dist/process/guarded.js')
    let escaped = 0
    const deep = guarded('deep', () => { throw new Error('ours') }, () => 'instead')
    const dive = () => {
      try { dive() } catch {}
      // A call that is still possible here must not throw, though ours may be one too many inside.
      try { (() => {})() } catch { return }
      try { deep() } catch (error) { if (!(error instanceof RangeError)) escaped++ }
    }
    dive()
    console.log(escaped, deep())`,
  ])
  t.equal(stdout, '0 instead\n')
})

t.test('DEBUG shows the fault, in one line', async (t) => {
  const script = `
    const { guarded } = require('./dist/process/guarded.js')
    guarded('a timer', () => { throw new Error('ours\\nnat-keepalive:hook forged \\u202e') })()
    console.log('goes on')`
  const { stdout, stderr } = await runNode(['-e', script], { env: { DEBUG: 'nat-keepalive:*' } })
  t.equal(stdout, 'goes on\n')
  t.match(
    stderr,
    /^\S+ nat-keepalive:fault a timer: Error: ours\\nnat-keepalive:hook forged \\u202e/,
  )
  t.equal(stderr.split('\n').length, 2)
  t.equal((await runNode(['-e', script])).stderr, '')
})
