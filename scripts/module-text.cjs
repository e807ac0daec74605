'use strict'

const { posix } = require('node:path')

const REQUIRE = /\brequire\((["'])(\.{1,2}\/[^"']+)\1\)/g

/** Comments that stand on lines of their own. */
const COMMENTS = /^[ \t]*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)\n/gm

/**
 * The text of a compiled module without its comments, and with its relative requires named from the
 * folder of all.
 *
 * @param {string} name
 * @param {string} compiled
 */
function moduleText(name, compiled) {
  return compiled
    .replace(COMMENTS, '')
    .replace(
      REQUIRE,
      (_all, _quote, path) => `require("./${posix.join(posix.dirname(name), path)}")`,
    )
}

module.exports = { moduleText, REQUIRE }
