'use strict'
const { execFileSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const { resolve } = require('node:path')
require('./require-typescript.cjs')
const { ensureBinaries } = require('../test/matrix/binaries')

/** Of each of these majors (`24,26`) the newest binary that the tests have, installed if need be. */
async function newestOf(list) {
  const binaries = await ensureBinaries()
  return list.split(',').map((major) => {
    const newest = binaries.filter(({ version }) => version.startsWith(`${major}.`)).at(-1)
    if (newest === undefined) throw new Error(`The tests have no binary of Node ${major}.`)
    return { name: `Node ${newest.version}`, node: newest.node }
  })
}

function nodeAt(path) {
  const node = resolve(path)
  if (!existsSync(node)) throw new Error(`There is no ${node}.`)
  const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return { name: `Node ${version.trim()}`, node }
}

/** The other Nodes that starts and connects are measured with, by paths and by a list of majors. */
async function otherNodes({ node: paths = [], nodes: list }) {
  const newest = list === undefined ? [] : await newestOf(list)
  return [...newest, ...paths.map(nodeAt)]
}

module.exports = { otherNodes }
