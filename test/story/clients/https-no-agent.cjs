'use strict'
const https = require('node:https')
const { tell } = require('./outcome.cjs')

tell(
  ({ origin }) =>
    (waitMs) =>
      new Promise((resolve, reject) => {
        https
          .get(`${origin}/wait-${waitMs}`, { agent: false }, (response) => {
            const { localPort } = response.socket
            response.resume().on('end', () => resolve(localPort))
          })
          .on('error', reject)
      }),
)
