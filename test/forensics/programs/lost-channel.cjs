'use strict'
// A preload that writes what the channel of lost connections tells to stderr, a line of JSON each.
const { subscribe } = require('node:diagnostics_channel')
const { writeSync } = require('node:fs')

subscribe('nat-keepalive:lost', ({ data }) => writeSync(2, `${JSON.stringify({ lost: data })}\n`))
