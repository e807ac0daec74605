import t from 'tap'
import { hookOption } from '../../../src/cli/hook-option'

const register = '/opt/nat keepalive/register.js'
const required = '--require="/opt/nat keepalive/register.js"'
const imported = '--import=file:///opt/nat%20keepalive/register.js'

const next: readonly string[][] = [
  ['next', 'build'],
  ['./node_modules/.bin/next', 'dev'],
  ['node', 'node_modules/next/dist/bin/next', 'start'],
  ['/usr/bin/node', '--no-warnings', './node_modules/.bin/next'],
  ['npx', 'next', 'build'],
  ['npx', '--yes', 'next@15', 'build'],
  ['npm', 'exec', '--', 'next', 'build'],
  ['pnpm', 'exec', 'next', 'build'],
  ['yarn', 'next', 'build'],
  ['env', 'CI=1', 'next', 'build'],
  ['C:\\app\\node_modules\\.bin\\next.cmd', 'build'],
]

const others: readonly string[][] = [
  ['node', 'app.ts', 'next'],
  ['node', 'next/app.js'],
  ['node', '-r', './x', 'next'],
  ['npm', 'run', 'next'],
  ['nextest'],
  ['next-build'],
  ['node'],
  [],
]

const crowded = ['--require /x.cjs', '--require=/x.cjs', '-r /x.cjs']
const free = ['', '--no-warnings', '--import /x.mjs', '--require /x.cjs --import /x.mjs']

t.test('the hook comes by --require, but to Next.js where another does', (t) => {
  for (const argv of next) {
    for (const options of crowded) t.equal(hookOption(register, options, argv), imported, options)
    for (const options of free) t.equal(hookOption(register, options, argv), required, options)
  }
  for (const argv of others) {
    for (const options of [...crowded, ...free]) {
      t.equal(hookOption(register, options, argv), required, `${argv.join(' ')} ${options}`)
    }
  }
  t.end()
})

t.test('a Node that does not take --import does not get it', (t) => {
  const by = (node: string) => hookOption(register, '-r /x.cjs', ['next', 'build'], node)
  for (const node of ['18.0.0', '18.17.1']) t.equal(by(node), required, node)
  for (const node of ['18.18.0', '19.0.0', '20.0.0', '26.10.0']) t.equal(by(node), imported, node)
  t.end()
})
