'use strict'
// The server's answer over UDP does not fit, so c-ares asks again over TCP.
const { Resolver } = require('node:dns')

const { TARGET_PORT } = process.env
const resolver = new Resolver({ timeout: 60_000, tries: 1 })
resolver.setServers([`127.0.0.1:${TARGET_PORT}`])
resolver.resolve4('name.test', () => {})
setTimeout(() => console.log(TARGET_PORT), 500)
