'use strict'

// node scripts/build-lambda-layer.cjs FILE
//
// Builds a Lambda layer: a zip archive that Lambda unpacks into /opt, so that the hook's entry is
// /opt/nat-keepalive/register.js. The same checkout gives the same bytes. `npm run build` comes first.
const fs = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { zipSync } = require('fflate')
const { buildImageFolder, reason } = require('./build-image-folder.cjs')

/**
 * The same bytes whenever it is built, and files that everybody may read: Unix, `-rw-r--r--`.
 *
 * @type {import('fflate').ZipOptions}
 */
const options = { level: 9, mtime: new Date(1980, 0, 1), os: 3, attrs: (0o100644 << 16) >>> 0 }

/**
 * Builds the archive, over an older one if there is one.
 *
 * @param {string} file
 */
function buildLambdaLayer(file) {
  const work = fs.mkdtempSync(join(tmpdir(), 'nat-keepalive-layer-'))
  try {
    buildImageFolder(join(work, 'nat-keepalive'))
    fs.writeFileSync(file, zipSync(Object.fromEntries(filesOf(work)), options))
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

/**
 * Every file under a folder, with its path in it, in an order that no file system decides.
 *
 * @param {string} folder
 * @returns {[name: string, content: Buffer][]}
 */
function filesOf(folder, prefix = '') {
  const entries = fs.readdirSync(join(folder, prefix), { withFileTypes: true })
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = `${prefix}${entry.name}`
      if (entry.isDirectory()) return filesOf(folder, `${name}/`)
      return [[name, fs.readFileSync(join(folder, name))]]
    })
}

module.exports = { buildLambdaLayer }

if (require.main === module) {
  const [file, ...rest] = process.argv.slice(2)
  if (file === undefined || rest.length > 0) {
    process.stderr.write('Usage: node scripts/build-lambda-layer.cjs FILE\n')
    process.exit(2)
  }
  try {
    buildLambdaLayer(file)
  } catch (error) {
    process.stderr.write(`The layer was not built. ${reason(error)}\n`)
    process.exit(1)
  }
}
