'use strict'

// Writes the table of middleboxes as a file that any language reads: `nat-keepalive/profiles.json`.

const { writeFileSync } = require('node:fs')
const { join } = require('node:path')

const { profiles } = require('../dist/settings/profiles.js')
const { version } = require('../package.json')

const table = { schema: 1, version, profiles }
writeFileSync(join(__dirname, '../profiles.json'), `${JSON.stringify(table, null, 2)}\n`)
