'use strict'

// Puts what is loaded together into one file each, after the compiler: to find, read and compile a
// file costs more than what most of ours hold, and the first of these loads in every process. The
// other files stay where they are and hand out the module of the bundle, so that each exists once.

const { readFileSync, writeFileSync } = require('node:fs')
const { join, posix } = require('node:path')

/** What each bundle begins with, in the order in which a process comes to need them. */
const BUNDLES = [['register'], ['hook/hook', 'settings/config'], ['hook/startup'], ['watch/watch']]

const REQUIRE = /\brequire\((["'])(\.{1,2}\/[^"']+)\1\)/g
const AT_ONCE = /^(?:const \w+ = )?require\((["'])(\.{1,2}\/[^"']+)\1\);$/gm

const folder = join(__dirname, '../dist')

/** A module as the compiler wrote it, with its relative requires named from the folder of all. */
function readModule(name) {
  const from = (path) => posix.join(posix.dirname(name), path)
  const text = readFileSync(join(folder, `${name}.js`), 'utf8')
  if (text.includes('.bundled(')) throw new Error('dist is bundled already: run `npm run build`.')
  return {
    name,
    imports: [...text.matchAll(AT_ONCE)].map(([, , path]) => from(path)),
    text: text.replace(REQUIRE, (_all, _quote, path) => `require("./${from(path)}")`),
  }
}

/** The modules that come with `name` at once, itself included, without those of earlier bundles. */
function collect(name, taken) {
  if (taken.has(name)) return []
  taken.add(name)
  const module = readModule(name)
  return [module, ...module.imports.flatMap((path) => collect(path, taken))]
}

function render(entry, modules, entryOf) {
  // Other bundles are required by name, for those who bundle this package into their program. The
  // brackets around the functions tell V8 to compile them at once, without a first glance.
  const definitions = modules.map(({ name, text }) => {
    const direct = text.replace(REQUIRE, (_all, _quote, path) => {
      const home = entryOf.get(posix.normalize(path))
      if (home === entry) return `load("${path}")`
      if (home === undefined) return `require("${pathFrom(entry, path)}")`
      return `require("${pathFrom(entry, home)}").bundled("${path}")`
    })
    return `"./${name}": (function (exports) {\n${direct}}),\n`
  })
  return `"use strict";
const loaded = Object.create(null);
function load(name) {
  if (!(name in loaded)) {
    loaded[name] = {};
    definitions[name](loaded[name]);
  }
  return loaded[name];
}
const definitions = {
${definitions.join('')}};
module.exports = load("./${entry}");
Object.defineProperty(module.exports, "bundled", { value: load });
`
}

/** The file of a module that is in the bundle of `entry`. */
function renderStub(name, entry) {
  return `"use strict";\nmodule.exports = require("${pathFrom(name, entry)}").bundled("./${name}");\n`
}

/** What the file `name` calls the file `other`. */
function pathFrom(name, other) {
  return `./${posix.relative(posix.dirname(name), other)}`
}

const taken = new Set()
const bundles = BUNDLES.map((names) => ({
  entry: names[0],
  modules: names.flatMap((name) => collect(name, taken)),
}))
const entryOf = new Map(
  bundles.flatMap(({ entry, modules }) => modules.map(({ name }) => [name, entry])),
)
for (const { entry, modules } of bundles) {
  writeFileSync(join(folder, `${entry}.js`), render(entry, modules, entryOf))
  for (const { name } of modules) {
    if (name !== entry) writeFileSync(join(folder, `${name}.js`), renderStub(name, entry))
  }
}
