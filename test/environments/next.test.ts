import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hookOption } from '../../src/cli/hook-option'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { register, runNode } from '../run-node'

const packages = ensurePackages(join(__dirname, 'next'))
const folder = join(temporaryFolder(t), 'a b')
const spaced = join(folder, 'x.cjs')

/** Says that it was there, and whether the hook is, at the end of the program. */
const preload = `process.on('exit', () => {
  console.log('theirs', Symbol.for('nat-keepalive.1') in globalThis)
})`

/** What Next.js starts its workers with, asked of its own code. */
async function workerOptions(NODE_OPTIONS: string): Promise<string> {
  const utils = join(await packages, 'next/dist/server/lib/utils.js')
  // Set within, because the options are for the one that is asked about.
  const script = `process.env.NODE_OPTIONS = ${JSON.stringify(NODE_OPTIONS)}
    process.stdout.write(require(${JSON.stringify(utils)}).getFormattedNodeOptionsWithoutInspect())`
  const { code, stdout, stderr } = await runNode(['-e', script])
  t.equal(code, 0, stderr)
  return stdout
}

/** What becomes of such a worker: the preloads that it has, or null where it does not start. */
async function workerOf(options: string): Promise<string | null> {
  const NODE_OPTIONS = await workerOptions(options)
  const hook = `console.log('hook', Symbol.for('nat-keepalive.1') in globalThis)`
  const { code, stdout } = await runNode(['-e', hook], { env: { NODE_OPTIONS } })
  if (code !== 0) return null
  return [/^hook true/m.test(stdout) && 'hook', /^theirs/m.test(stdout) && 'theirs']
    .filter(Boolean)
    .join(' and ')
}

mkdirSync(folder)
for (const name of ['x.cjs', 'x.mjs']) writeFileSync(join(folder, name), preload)

const ours = `--require=${register}`
const theirs = [`--require "${spaced}"`, `--require="${spaced}"`]
const imported = `--import="${spaced.replace('.cjs', '.mjs')}"`

t.test('alone, and beside an --import, the hook is in the workers of Next.js', async (t) => {
  t.equal(await workerOf(ours), 'hook')
  t.equal(await workerOf(`${ours} ${imported}`), 'hook and theirs')
})

t.test('before another --require it costs the workers of Next.js nothing', async (t) => {
  for (const other of theirs) {
    t.equal(await workerOf(other), 'theirs', other)
    t.equal(await workerOf(`${ours} ${other}`), 'theirs', other)
  }
})

t.test('and `run` has it in them all the same', async (t) => {
  for (const other of theirs) {
    const option = hookOption(register, other, ['next', 'build'])
    t.equal(await workerOf(`${option} ${other}`), 'hook and theirs', other)
  }
})

t.test('the forms that the doctor calls fragile are', async (t) => {
  const [blank = '', equals = ''] = theirs
  t.equal(await workerOf(`--require ${register} ${blank}`), null)
  t.equal(await workerOf(`${blank} ${ours}`), null)
  t.equal(await workerOf(`${equals} ${ours}`), 'hook', 'theirs is lost')
  t.equal(await workerOf(`-r ${register}`), null)
})
