import t from 'tap'
import { createLater } from '../../../src/process/later'
import { runNode } from '../../run-node'

const head = "const { createLater, createLaterOutside } = require('./dist/process/later.js');"

t.test('calls once, when the time has come', async (t) => {
  const later = createLater()
  let calls = 0
  // The beat does not hold the event loop, so the test has to.
  const hold = setTimeout(() => {}, 60_000)
  await new Promise<void>((done) => {
    later(() => {
      calls++
      setImmediate(done)
    }, 5)
  })
  clearTimeout(hold)
  t.equal(calls, 1)
})

t.test('what was cancelled is not called', async (t) => {
  const later = createLater()
  const called: string[] = []
  const cancel = later(() => called.push('cancelled'), 1)
  cancel()
  cancel()
  const hold = setTimeout(() => {}, 60_000)
  await new Promise<void>((done) => later(() => done(), 20))
  clearTimeout(hold)
  t.same(called, [])
})

t.test('the timer does not hold the process', async (t) => {
  const script = `${head} createLater()(() => console.log('called'), 3_600_000)`
  const { code, stdout, stderr } = await runNode(['-e', script])
  t.strictSame([code, stdout, stderr], [0, '', ''])
})

t.test('a beat that starts the next from itself does not hold the process either', async (t) => {
  const script = `${head}
    const later = createLater()
    const beat = () => { later(beat, 1) }
    beat()
    setTimeout(() => {}, 50)`
  const { code, signal } = await runNode(['-e', script])
  t.strictSame([code, signal], [0, null])
})

const request = `
  const { AsyncLocalStorage } = require('node:async_hooks')
  const storage = new AsyncLocalStorage()
  const collected = async (store) => {
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((done) => setTimeout(done, 2))
      gc()
      if (store.deref() === undefined) return true
    }
    return false
  }`

t.test('the store of the request that started a beat is not seen in it', async (t) => {
  const script = `${head} ${request}
    const later = createLaterOutside()
    storage.run('request', () => later(() => console.log(storage.getStore()), 1))
    setTimeout(() => {}, 200)`
  t.equal((await runNode(['-e', script])).stdout, 'undefined\n')
})

t.test('the store of the request that started a beat is not retained', async (t) => {
  const script = `${head} ${request}
    const later = createLaterOutside()
    let store
    const begin = () => {
      const request = { url: '/' }
      store = new WeakRef(request)
      storage.run(request, () => { globalThis.cancel = later(() => {}, 3_600_000) })
    }
    begin()
    collected(store).then(console.log)`
  t.equal((await runNode(['--expose-gc', '-e', script])).stdout, 'true\n')
})

t.test(
  'a store is retained by a timer of the usual kind, so the test above can fail',
  async (t) => {
    const script = `${head} ${request}
    let store
    const begin = () => {
      const request = { url: '/' }
      store = new WeakRef(request)
      storage.run(request, () => { globalThis.timer = setTimeout(() => {}, 3_600_000).unref() })
    }
    begin()
    collected(store).then(console.log)`
    t.equal((await runNode(['--expose-gc', '-e', script])).stdout, 'false\n')
  },
)

t.test('the store of a late installation is not retained', async (t) => {
  const script = `const { install } = require('./dist/index.js'); ${request}
    let store
    const begin = () => {
      const request = { url: '/' }
      store = new WeakRef(request)
      storage.run(request, () => { install() })
    }
    begin()
    collected(store).then(console.log)`
  t.equal((await runNode(['--expose-gc', '-e', script])).stdout, 'true\n')
})

t.test('fake timers that are installed later do not matter', async (t) => {
  const script = `${head}
    const later = createLater()
    const real = globalThis.setTimeout
    globalThis.setTimeout = () => { throw new Error('a fake timer was asked') }
    globalThis.clearTimeout = () => { throw new Error('a fake timer was asked') }
    later(() => console.log('cancelled'), 1)()
    later(() => console.log('called'), 1)
    real(() => {}, 200)`
  const { code, stdout, stderr } = await runNode(['-e', script])
  t.strictSame([code, stdout, stderr], [0, 'called\n', ''])
})

t.test('what fails in a timer does not reach the program, a promise neither', async (t) => {
  const script = `${head}
    const later = createLater()
    later(() => { throw new Error('ours') }, 1)
    later(async () => { throw new Error('ours') }, 1)
    setTimeout(() => console.log('goes on'), 50)`
  const { code, stdout, stderr } = await runNode(['-e', script])
  t.strictSame([code, stdout, stderr], [0, 'goes on\n', ''])
})
