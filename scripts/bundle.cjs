'use strict'

// Puts what is loaded together into one file each, after the compiler: to find, read and compile a
// file costs more than what most of ours hold, and the first of these loads in every process. The
// other files stay where they are and hand out the module of the bundle, so that each exists once.
//
// Each file knows by what build it was made. A package can be replaced while a process runs that has
// loaded only a part of it, and parts of two builds must not meet.

const { createHash } = require('node:crypto')
const { readFileSync, writeFileSync } = require('node:fs')
const { join, posix } = require('node:path')
const { joinModules } = require('./join-modules.cjs')
const { moduleText, REQUIRE } = require('./module-text.cjs')

/**
 * @typedef {object} Module
 * @property {string} name
 * @property {string[]} imports
 * @property {string} text
 */

/**
 * What each bundle begins with, in the order in which a process comes to need them.
 *
 * @type {readonly [entry: string, ...more: string[]][]}
 */
const BUNDLES = [
  ['hook/preloaded', 'kernel/environment'],
  ['settings/config', 'settings/told-at-start'],
  ['hook/hook'],
  ['hook/startup'],
  ['watch/watch'],
]

const AT_ONCE = /^(?:(?:const|var) \w+ = )?require\((["'])(\.{1,2}\/[^"']+)\1\);$/gm

/** What every process loads, and so as one scope without anything around it. */
const FIRST = 'register'

/** What stands for the name of the build, which is a digest of all that is written. */
const BUILD = '@build@'

const OTHER_BUILD =
  ' is of another build of nat-keepalive: the package was replaced while this process ran; restart it.'

const folder = join(__dirname, '../dist')

/**
 * A module as the compiler wrote it, with its relative requires named from the folder of all.
 *
 * @param {string} name
 * @returns {Module}
 */
function readModule(name) {
  /** @param {string} path */
  const from = (path) => posix.join(posix.dirname(name), path)
  const text = readFileSync(join(folder, `${name}.js`), 'utf8')
  if (text.includes('.bundled(')) throw new Error('dist is bundled already: run `npm run build`.')
  return {
    name,
    imports: [...text.matchAll(AT_ONCE)].map(([, , path = '']) => from(path)),
    text: moduleText(name, text),
  }
}

/**
 * The modules that come with `name` at once, itself included, without those of earlier bundles.
 *
 * @param {string} name
 * @param {Set<string>} taken
 * @returns {Module[]}
 */
function collect(name, taken) {
  if (taken.has(name)) return []
  taken.add(name)
  const module = readModule(name)
  return [module, ...module.imports.flatMap((path) => collect(path, taken))]
}

/**
 * @param {string} entry
 * @param {readonly Module[]} modules
 * @param {ReadonlyMap<string, string>} entryOf
 */
function render(entry, modules, entryOf) {
  // Other bundles are required by name, for those who bundle this package into their program. The
  // brackets around the functions tell V8 to compile them at once, without a first glance.
  const definitions = modules.map(
    ({ name, text }) =>
      `"./${name}": (function (exports) {\n${withParts(text, entry, entryOf)}}),\n`,
  )
  return `"use strict";
const $loaded = Object.create(null);
function $load(name) {
  if (!(name in $loaded)) {
    $loaded[name] = {};
    $definitions[name]($loaded[name]);
  }
  return $loaded[name];
}
${PART}const $definitions = {
${definitions.join('')}};
module.exports = $load("./${entry}");
Object.defineProperty(module.exports, "bundled", { value: $load });
Object.defineProperty(module.exports, "build", { value: $build });
`
}

/** How a bundle finds another: what is in memory may be of the package that this one has replaced. */
const PART = `function $part(name, found) {
if (found?.build === $build) return found;
throw new Error(name + "${OTHER_BUILD}");
}
const $build = "${BUILD}";
`

/**
 * @param {string} text
 * @param {string} entry
 * @param {ReadonlyMap<string, string>} entryOf
 */
function withParts(text, entry, entryOf) {
  return text.replace(REQUIRE, (_all, _quote, path) => {
    const home = entryOf.get(posix.normalize(path))
    if (home === entry) return `$load("${path}")`
    if (home === undefined) return `require("${pathFrom(entry, path)}")`
    return `$part("${home}", require("${pathFrom(entry, home)}")).bundled("${path}")`
  })
}

/**
 * @param {ReturnType<typeof joinModules>} joined
 * @param {ReadonlyMap<string, string>} entryOf
 */
function renderFirst({ text, exported }, entryOf) {
  const modules = [...exported].map(([name, names]) =>
    name === FIRST
      ? `"./${name}": module.exports = { ${names.join(', ')}, build: $build, bundled: (name) => $modules[name] },\n`
      : `"./${name}": { ${names.join(', ')} },\n`,
  )
  return `"use strict";
${PART}${withParts(text, FIRST, entryOf)}const $modules = {
${modules.join('')}};
`
}

/**
 * The file of a module that is in the bundle of `entry`. Who requires it and finds a bundle of
 * another build in memory gets a copy of its own, as from a package in another folder.
 *
 * @param {string} name
 * @param {string} entry
 */
function renderStub(name, entry) {
  const path = pathFrom(name, entry)
  return `"use strict";
let bundle = require("${path}");
if (bundle.build !== "${BUILD}") {
  delete require.cache[require("node:path").join(__dirname, "${path}.js")];
  bundle = require("${path}");
}
if (bundle.build !== "${BUILD}") throw new Error("${entry}${OTHER_BUILD}");
module.exports = bundle.bundled("./${name}");
`
}

/**
 * What the file `name` calls the file `other`.
 *
 * @param {string} name
 * @param {string} other
 */
function pathFrom(name, other) {
  return `./${posix.relative(posix.dirname(name), other)}`
}

const first = joinModules(FIRST)
const taken = new Set(first.exported.keys())
const bundles = [
  { entry: FIRST, names: [...taken], render: () => renderFirst(first, entryOf) },
  ...BUNDLES.map((begins) => {
    const [entry] = begins
    const modules = begins.flatMap((name) => collect(name, taken))
    const names = modules.map(({ name }) => name)
    return { entry, names, render: () => render(entry, modules, entryOf) }
  }),
]
/** @type {Map<string, string>} */
const entryOf = new Map(
  bundles.flatMap(({ entry, names }) => names.map((name) => /** @type {const} */ ([name, entry]))),
)
/** @type {(readonly [name: string, text: string])[]} */
const files = bundles.flatMap(({ entry, names, render }) => [
  /** @type {const} */ ([entry, render()]),
  ...names.flatMap((name) =>
    name === entry ? [] : [/** @type {const} */ ([name, renderStub(name, entry)])],
  ),
])
const build = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
for (const [name, text] of files) {
  writeFileSync(join(folder, `${name}.js`), text.replaceAll(BUILD, build))
}
