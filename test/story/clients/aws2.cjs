'use strict'
const AWS = require('aws-sdk')
const { tell } = require('./outcome.cjs')

tell(({ origin }) => {
  const lambda = new AWS.Lambda({
    endpoint: origin,
    region: 'us-east-1',
    accessKeyId: 'nobody',
    secretAccessKey: 'nothing',
    // A second attempt on a new connection would hide the death of the first.
    maxRetries: 0,
    httpOptions: { timeout: 600_000 },
  })
  return (waitMs) =>
    new Promise((resolve, reject) => {
      let localPort = null
      const request = lambda.invoke({ FunctionName: `wait-${waitMs}` })
      request.on('httpHeaders', (_status, _headers, { httpResponse }) => {
        localPort = httpResponse.stream.socket.localPort
      })
      request.send((error) => (error ? reject(error) : resolve(localPort)))
    })
})
