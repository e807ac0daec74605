import t from 'tap'
import { register, runNode } from '../run-node'

/** Jobs that each have something large, and open a connection that ends at once. */
function program(each: string, jobs: number, after: string): string {
  return `
    const http = require('node:http')
    const net = require('node:net')
    const server = http.createServer((request, response) => response.end())
    server.on('connection', (socket) => socket.on('error', () => {}))
    server.listen(0, '0.0.0.0', async () => {
      const { port } = server.address()
      const bodies = []
      // Another address of loopback for each is another destination.
      const hosts = (index) => '127.0.' + (index >> 8) + '.' + ((index & 255) || 1)
      class Job {
        constructor(index) {
          this.index = index
          this.body = ${each}
          bodies.push(new WeakRef(this.body))
        }
        run(host) {
          return new Promise((done) => {
            const socket = net.connect(port, host)
            socket.on('connect', () => this.body.length && socket.end()).on('close', done).resume()
          })
        }
        get() {
          return new Promise((done) => {
            const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
              response.resume().on('end', () => this.body.length)
            })
            request.on('close', done)
          })
        }
      }
      ${after}
      process.exit()
    })`.replaceAll('JOBS', String(jobs))
}

const alive = `
  const count = async () => {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((done) => setTimeout(done, 5))
      gc()
    }
    return bodies.filter((body) => body.deref() !== undefined).length
  }`

const small = 'new Array(1_000).fill(index)'

t.test('of connections that are closed nothing is alive after a collection', async (t) => {
  const table: readonly [string, string][] = [
    ['to one destination', "await new Job(index).run('127.0.0.1')"],
    ['to ever new ones', 'await new Job(index).run(hosts(index))'],
    ['requests without an agent', 'await new Job(index).get()'],
  ]
  for (const [name, job] of table) {
    const source = program(
      small,
      100,
      `${alive}
      for (let index = 0; index < JOBS; index++) ${job}
      console.log(bodies.length, await count())`,
    )
    const { stdout, stderr } = await runNode(['--expose-gc', '-r', register, '-e', source])
    t.equal(stderr, '')
    // One may still lie on the stack of whoever waits for it.
    const [all, left] = stdout.split(' ').map(Number)
    t.equal(all, 100, name)
    t.ok((left as number) <= 1, `${name}: ${left} of 100`)
  }
})

t.test('what a program holds is alive, so the test above can fail', async (t) => {
  const source = program(
    small,
    100,
    `${alive}
    const held = []
    for (let index = 0; index < JOBS; index++) {
      const job = new Job(index)
      held.push(job)
      await job.run('127.0.0.1')
    }
    console.log(await count(), held.length)`,
  )
  const { stdout } = await runNode(['--expose-gc', '-r', register, '-e', source])
  t.equal(stdout, '100 100\n')
})

t.test('a program lives in a heap that is enough for it without the hook', async (t) => {
  // 250 of about a megabyte, of which one is in use at a time.
  const source = program(
    'new Array(130_000).fill(index + 0.5)',
    250,
    'for (let index = 0; index < JOBS; index++) await new Job(index).run(hosts(index)); console.log("done")',
  )
  const options = { timeoutMs: 120_000 }
  const { code, stdout } = await runNode(
    ['--max-old-space-size=128', '-r', register, '-e', source],
    options,
  )
  t.same({ code, stdout }, { code: 0, stdout: 'done\n' })
})
