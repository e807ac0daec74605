'use strict'

// Stands in for @metcoder95/https-pem, which makes its key in a script at its installation.
const { readFileSync } = require('node:fs')

const fixture = (name) => readFileSync(`/run/test/test/fixtures/${name}.pem`)

module.exports = {
  ...require('/run/node_modules/@metcoder95/https-pem'),
  key: fixture('key'),
  cert: fixture('cert'),
}
