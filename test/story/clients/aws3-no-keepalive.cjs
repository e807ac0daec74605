'use strict'
const https = require('node:https')
const sdk = require('@aws-sdk/client-lambda')
const { NodeHttpHandler } = require('@smithy/node-http-handler')
const { invoker } = require('./aws3.cjs')
const { tell } = require('./outcome.cjs')

const httpsAgent = new https.Agent({ keepAlive: false })
tell((target) => invoker(target, sdk, new NodeHttpHandler({ httpsAgent })))
