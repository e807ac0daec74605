import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../run-node'
import type { Json } from './admit'
import { assertProtected, atOpt, needMounts, program, runMounted, temporaryFolder } from './mounts'
import { loadPackages, readExample } from './packages'
import { typeErrors } from './type-errors'

const script = join(root, 'scripts/build-lambda-layer.cjs')

/** The archive, built as its header says. */
function build(t: Test): Buffer {
  const file = join(temporaryFolder(t), 'layer.zip')
  execFileSync(process.execPath, [script, file], { env: { ...process.env, NODE_OPTIONS: '' } })
  return readFileSync(file)
}

t.test('the configuration is an input of UpdateFunctionConfiguration', async (t) => {
  const packages = await loadPackages()
  const text = readExample('lambda/function.yaml')
  const configuration: Json = packages.require('yaml').parse(text)
  const request = { type: 'UpdateFunctionConfigurationRequest', from: '@aws-sdk/client-lambda' }
  const errors = (value: unknown) => typeErrors(packages.path, [{ ...request, value }])
  t.strictSame(errors(configuration), [])
  t.match(errors({ ...configuration, Environmnt: {} }).join(), /Environmnt.* does not exist/)
  t.match(errors({ ...configuration, Layers: 'arn' }).join(), /is not assignable/)
  const runtimes =
    /--compatible-runtimes ((?:nodejs\S+ )+)/.exec(text)?.[1]?.trim().split(' ') ?? []
  const { Runtime } = packages.require('@aws-sdk/client-lambda')
  t.ok(runtimes.length > 0)
  for (const runtime of runtimes) t.ok(Object.values(Runtime).includes(runtime), runtime)
})

t.test('the archive is the same each time, and readable by everybody', async (t) => {
  const packages = await loadPackages()
  const archive = build(t)
  t.ok(archive.equals(build(t)), 'the same bytes')
  const { unzipSync } = packages.require('fflate')
  const entries: Record<string, Uint8Array> = unzipSync(archive)
  const names = Object.keys(entries)
  t.ok(
    names.includes('nat-keepalive/register.js'),
    'which Lambda unpacks to /opt/nat-keepalive/register.js',
  )
  t.strictSame(
    names.filter((name) => !name.startsWith('nat-keepalive/')),
    [],
  )
  const hook = Buffer.from(entries['nat-keepalive/register.js'] as Uint8Array)
  t.ok(hook.equals(readFileSync(join(root, 'register.js'))))
  t.strictSame(modes(archive), ['100644'])
})

/** The different modes of the files in an archive: the upper half of a field of the directory. */
function modes(archive: Buffer): string[] {
  const seen = new Set<string>()
  for (
    let at = archive.indexOf('PK\x01\x02');
    at !== -1;
    at = archive.indexOf('PK\x01\x02', at + 4)
  ) {
    seen.add((archive.readUInt32LE(at + 38) >>> 16).toString(8))
  }
  return [...seen]
}

t.test('a function, played on this machine from the unpacked archive, is protected', async (t) => {
  if (!needMounts(t)) return
  const packages = await loadPackages()
  const entries: Record<string, Uint8Array> = packages.require('fflate').unzipSync(build(t))
  const layer = temporaryFolder(t)
  for (const [name, content] of Object.entries(entries)) {
    mkdirSync(dirname(join(layer, name)), { recursive: true })
    writeFileSync(join(layer, name), content)
  }
  chmodSync(layer, 0o755)
  const { Variables: env } = packages
    .require('yaml')
    .parse(readExample('lambda/function.yaml')).Environment
  const run = runMounted(atOpt(join(layer, 'nat-keepalive')), program, { env })
  assertProtected(t, run, 'the function')
})

t.test('wrong usage is one line and 2, and what fails says why', (t) => {
  const run = (...args: string[]) => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    return spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' })
  }
  for (const args of [[], ['a.zip', 'b.zip']]) {
    const { status, stderr } = run(...args)
    t.strictSame([status, stderr], [2, 'Usage: node scripts/build-lambda-layer.cjs FILE\n'])
  }
  const { status, stderr } = run('/nowhere/layer.zip')
  t.equal(status, 1)
  t.match(stderr, /^The layer was not built\. .*ENOENT.*\n$/)
  t.end()
})
