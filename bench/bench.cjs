#!/usr/bin/env node
'use strict'
// What the hook costs, against nothing and against what people would use instead.
const { execFileSync } = require('node:child_process')
const { readFileSync, writeFileSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { parseArgs } = require('node:util')
const { aimsText } = require('./aims-words.cjs')
const { enclosed } = require('./enclosure.cjs')
const { judgeAims, passes } = require('./judge-aims.cjs')
const { otherNodes } = require('./nodes.cjs')
const { page } = require('./page.cjs')
const { parts } = require('./parts.cjs')
const { withCosts } = require('./readme-costs.cjs')
const { table } = require('./table.cjs')
require('./require-typescript.cjs')
const { ensurePackages } = require('../test/packages')

const RESULTS = join(__dirname, 'results.json')
const BIOME = join(__dirname, '../node_modules/.bin/biome')
const PAGE = join(__dirname, '../docs/performance.md')
const README = join(__dirname, '../README.md')

const USAGE = `Usage: npm run bench -- [PART...] [options], after npm run build. Parts, all of them without any:
${Object.entries(parts)
  .map(([name, { title }]) => `  ${name.padEnd(16)}${title}`)
  .join('\n')}
Options:
  --hook FILE      the preload to measure (register.js of this checkout)
  --rounds N       rounds of each part, for a quick look
  --connects N     connections of the part churn (200000)
  --nodes LIST     starts and connects with other Nodes too, such as 22,24,26: the newest of the tests'
  --node PATH      the same with this Node; can be given again
  --json FILE      writes the results there
  --from FILE      takes the results of an earlier run instead of measuring
  --check          says which aims (bench/aims.cjs) are met, and exits with 1 where one is missed by
                   more than its noise
  --write          writes bench/results.json, docs/performance.md and the README (all parts only)
  --list           the names of the parts
`

const text = /** @type {const} */ ({ type: 'string' })
const flag = /** @type {const} */ ({ type: 'boolean', default: false })
const OPTIONS = {
  hook: text,
  rounds: text,
  connects: text,
  nodes: text,
  node: /** @type {const} */ ({ type: 'string', multiple: true }),
  json: text,
  from: text,
  check: flag,
  write: flag,
  list: flag,
  help: flag,
}

class WrongUsage extends Error {}

function parsedArgs() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS })
  } catch (error) {
    throw new WrongUsage(messageOf(error))
  }
}

/** What the command line asks for: parts and options. Throws WrongUsage. */
function parse() {
  const { values, positionals } = parsedArgs()
  const names = positionals.length > 0 ? positionals : Object.keys(parts)
  const unknown = names.filter((name) => !(name in parts))
  if (unknown.length > 0) throw new WrongUsage(`There is no part ${unknown.join(', ')}.`)
  if (values.write && positionals.length > 0) {
    throw new WrongUsage('What is written down is one whole run: --write goes without parts.')
  }
  const numbers = {}
  for (const name of ['rounds', 'connects']) {
    if (values[name] === undefined) continue
    numbers[name] = Number(values[name])
    if (!(Number.isInteger(numbers[name]) && numbers[name] > 0)) {
      throw new WrongUsage(`--${name} takes a whole number.`)
    }
  }
  return { names, values, numbers }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}

/** The peers that are npm packages, of the lock file that the tests have. */
async function lockedPackages() {
  try {
    return { path: await ensurePackages(join(__dirname, '../test/environments')) }
  } catch (error) {
    return { why: `its package could not be installed: ${messageOf(error)}` }
  }
}

async function resultsOf({ names, values, numbers }) {
  if (values.from !== undefined) return JSON.parse(readFileSync(values.from, 'utf8'))
  const hook = values.hook === undefined ? undefined : resolve(values.hook)
  const options = { ...numbers, nodes: await otherNodes(values) }
  return enclosed({ names, hook, packages: await lockedPackages(), options })
}

async function main() {
  const asked = parse()
  const { help, list, json, write, check } = asked.values
  if (help) process.stdout.write(USAGE)
  else if (list) process.stdout.write(`${Object.keys(parts).join('\n')}\n`)
  if (help || list) return
  const results = await resultsOf(asked)
  process.stdout.write(table(results))
  const text = `${JSON.stringify(results, null, 2)}\n`
  if (json !== undefined) writeFileSync(String(json), text)
  if (write) writeDown(results, text)
  if (check) checkAims(results)
}

/** What is committed of a run: the results, and what they say on the page and in the README. */
function writeDown(results, text) {
  writeFileSync(RESULTS, text)
  execFileSync(BIOME, ['format', '--write', RESULTS], { stdio: 'ignore' })
  writeFileSync(PAGE, page(results))
  writeFileSync(README, withCosts(readFileSync(README, 'utf8'), results))
}

function checkAims(results) {
  const judgements = judgeAims(results)
  process.stdout.write(aimsText(judgements))
  if (!passes(judgements)) process.exitCode = 1
}

main().catch((error) => {
  const wrong = error instanceof WrongUsage
  process.stderr.write(`${error.message}\n${wrong ? `\n${USAGE}` : ''}`)
  process.exitCode = wrong ? 2 : 1
})
