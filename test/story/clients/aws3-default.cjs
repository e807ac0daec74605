'use strict'
const sdk = require('@aws-sdk/client-lambda')
const { invoker } = require('./aws3.cjs')
const { tell } = require('./outcome.cjs')

tell((target) => invoker(target, sdk))
