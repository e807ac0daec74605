'use strict'
const sdk = require('@aws-sdk/client-lambda')
const { NodeHttp2Handler } = require('@smithy/node-http-handler')
const { invoker } = require('./aws3.cjs')
const { tell } = require('./outcome.cjs')

tell((target) => invoker(target, sdk, new NodeHttp2Handler()))
