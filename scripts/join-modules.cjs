'use strict'

const { readFileSync } = require('node:fs')
const { join, posix } = require('node:path')
const ts = require('typescript')
const { moduleText } = require('./module-text.cjs')

const source = join(__dirname, '../src')

const OWN_IMPORT = /^import \{[^}]*\} from '(\.[^']+)';\n/gm
const BUILTIN_IMPORT = /^import (\{[^}]*\}) from '(node:[^']+)';$/gm
const EXPORT = /^export (?:const|function) (\w+|\{[^}]*\})/gm
const TOP_LEVEL = /^(?:const|let|function|class) (\w+|\{[^}]*\})/gm

/**
 * The modules that `name` imports at once, and it, as the text of one: their names stand in one scope,
 * so that nothing is looked up in another module, and nothing but their code is parsed. For what every
 * process loads. Throws where that cannot be done by putting them one after the other.
 *
 * @param {string} name
 */
function joinModules(name) {
  /** @type {Map<string, string>} */
  const texts = new Map()
  collect(name, texts)
  const builtins = new Map()
  const body = [...texts.values()]
    .join('')
    .replace(BUILTIN_IMPORT, (_all, names, from) => {
      for (const one of namesOf(names)) builtins.set(one, from)
      return ''
    })
    .replace(/^export /gm, '')
  const declared = [...body.matchAll(TOP_LEVEL)].flatMap(([, names = '']) => namesOf(names))
  const twice = declared.filter((one, at) => declared.indexOf(one) !== at || builtins.has(one))
  if (twice.length > 0) throw new Error(`${name}: two modules name ${twice.join(', ')}.`)
  if (/^(?:import|export)\b|`/m.test(body.replace(/`[^`\n]*`/g, '')))
    throw new Error(`${name}: cannot be joined.`)
  return {
    text:
      [...builtins].map(([one, from]) => `const { ${one} } = require("${from}");\n`).join('') +
      body,
    exported: new Map([...texts].map(([module, text]) => [module, exportsOf(text)])),
  }
}

/**
 * @param {string} name
 * @param {Map<string, string>} texts
 */
function collect(name, texts) {
  if (texts.has(name)) return
  const file = join(source, `${name}.ts`)
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    fileName: file,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  for (const [, from = ''] of outputText.matchAll(OWN_IMPORT)) {
    collect(posix.join(posix.dirname(name), from), texts)
  }
  texts.set(name, moduleText(name, outputText).replace(OWN_IMPORT, ''))
}

/** @param {string} text */
function exportsOf(text) {
  return [...text.matchAll(EXPORT)].flatMap(([, names = '']) => namesOf(names))
}

/** @param {string} names */
function namesOf(names) {
  return names.match(/\w+/g) ?? []
}

module.exports = { joinModules }
