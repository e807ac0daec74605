import t from 'tap'
import { environmentOfProcess, parseEnviron } from '../../../src/kernel/environment'
import { runNode } from '../../run-node'

t.test('what a process was started with is read as the kernel keeps it', (t) => {
  t.strictSame(parseEnviron('A=1\0NAT_KEEPALIVE_LIMIT=5m\0EMPTY=\0URL=a=b\nc\0'), [
    ['A', '1'],
    ['NAT_KEEPALIVE_LIMIT', '5m'],
    ['EMPTY', ''],
    ['URL', 'a=b\nc'],
    ['', ''],
  ])
  t.end()
})

t.test('of that only our settings are taken', (t) => {
  const text =
    'NAT_KEEPALIVE=off\0nat_keepalive_delay=1s\0NAT_KEEPALIVES=1\0XNAT_KEEPALIVE=1\0PATH=/bin\0'
  t.strictSame(
    environmentOfProcess(() => text),
    {
      NAT_KEEPALIVE: 'off',
      nat_keepalive_delay: '1s',
    },
  )
  t.end()
})

t.test('where it cannot be read there is nothing', (t) => {
  const read = () => {
    throw new Error('EACCES')
  }
  t.strictSame(environmentOfProcess(read), {})
  t.strictSame(
    environmentOfProcess(() => ''),
    {},
  )
  t.end()
})

const head = "const { environment } = require('./dist/kernel/environment.js');"

t.test('the main thread goes by its environment as it is now', async (t) => {
  const script = `${head}
    process.env.NAT_KEEPALIVE_LIMIT = '7m'
    console.log(JSON.stringify(environment()))`
  const env = { NAT_KEEPALIVE_LIMIT: '5m', NAT_KEEPALIVE_EXCLUDE: 'db' }
  const { stdout } = await runNode(['-e', script], { env })
  t.strictSame(JSON.parse(stdout), { NAT_KEEPALIVE_EXCLUDE: 'db', NAT_KEEPALIVE_LIMIT: '7m' })
})

t.test('an environment that is frozen, throws or is missing is none', async (t) => {
  const table: readonly [string, string][] = [
    ['Object.freeze({ NAT_KEEPALIVE_LIMIT: "7m" })', '{"NAT_KEEPALIVE_LIMIT":"7m"}'],
    ['new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })', '{}'],
    ['new Proxy({ NAT_KEEPALIVE: "off" }, { ownKeys() { throw 1 } })', '{"NAT_KEEPALIVE":"off"}'],
    ['null', '{}'],
  ]
  for (const [replacement, expected] of table) {
    const script = `${head}
      process.env = ${replacement}
      process.stdout.write(JSON.stringify(environment()))`
    const { stdout, stderr } = await runNode(['-e', script])
    t.strictSame([stdout, stderr], [expected, ''], replacement)
  }
})
