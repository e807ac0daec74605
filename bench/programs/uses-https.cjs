'use strict'
const { Agent } = require('node:https')

module.exports = new Agent({ keepAlive: true })
