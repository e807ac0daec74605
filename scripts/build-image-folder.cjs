'use strict'

// node scripts/build-image-folder.cjs FOLDER
//
// Builds in FOLDER, which must be new or empty, what belongs at /opt/nat-keepalive of an image: what
// `npm pack` publishes, and the dependencies as package-lock.json names them. The hook runs without
// them; `DEBUG` needs debug, and the command line needs semver. `npm run build` comes first.
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const { tmpdir } = require('node:os')
const { join, resolve } = require('node:path')

const root = resolve(__dirname, '..')

/**
 * Builds the folder. Throws where it has content, or where the package has not been built.
 *
 * @param {string} folder
 */
function buildImageFolder(folder) {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length > 0) {
    throw new Error(`${folder} is not empty, and nothing is overwritten: name a new folder.`)
  }
  if (!fs.existsSync(join(root, 'dist', 'register.js'))) {
    throw new Error('There is no dist/register.js to publish: run `npm run build` first.')
  }
  const work = fs.mkdtempSync(join(tmpdir(), 'nat-keepalive-image-'))
  // Whoever builds it, every user of the image has to be able to read it.
  const umask = process.umask(0o022)
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o755 })
    unpackPackage(work, folder)
    copyDependencies(work, folder)
  } finally {
    process.umask(umask)
    fs.rmSync(work, { recursive: true, force: true })
  }
}

/**
 * @param {string} work
 * @param {string} folder
 */
function unpackPackage(work, folder) {
  // Scripts are ignored, because `prepare` would empty dist under those who use it.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', work]
  const [{ filename }] = Object.values(JSON.parse(npm(args, root)))
  const tar = ['-xzf', filename, '-C', resolve(folder), '--strip-components=1', '--no-same-owner']
  execFileSync('tar', tar, { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] })
}

/**
 * @param {string} work
 * @param {string} folder
 */
function copyDependencies(work, folder) {
  const lock = JSON.parse(fs.readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { name, version, dependencies } = lock.packages['']
  const packages = { ...lock.packages, '': { name, version, dependencies } }
  write(join(work, 'package.json'), { name, version, dependencies })
  write(join(work, 'package-lock.json'), { ...lock, packages })
  npm(['ci', '--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund'], work)
  const modules = join(work, 'node_modules')
  fs.rmSync(join(modules, '.package-lock.json'), { force: true })
  fs.cpSync(modules, join(folder, 'node_modules'), { recursive: true })
}

/**
 * @param {string} file
 * @param {unknown} content
 */
function write(file, content) {
  fs.writeFileSync(file, JSON.stringify(content))
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  // The hook in a NODE_OPTIONS of the one who builds is not part of what is built.
  const env = { ...process.env, NODE_OPTIONS: '' }
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', 'pipe', 'pipe']
  return execFileSync('npm', args, { cwd, env, stdio, encoding: 'utf8' })
}

/**
 * What a command said that failed, or the message.
 *
 * @param {unknown} error
 */
function reason(error) {
  const { stderr, message } = /** @type {{ stderr?: string, message?: string }} */ (error)
  return stderr || message
}

module.exports = { buildImageFolder, reason }

if (require.main === module) {
  const [folder, ...rest] = process.argv.slice(2)
  if (folder === undefined || rest.length > 0) {
    process.stderr.write('Usage: node scripts/build-image-folder.cjs FOLDER\n')
    process.exit(2)
  }
  try {
    buildImageFolder(folder)
  } catch (error) {
    process.stderr.write(`The folder was not built. ${reason(error)}\n`)
    process.exit(1)
  }
}
