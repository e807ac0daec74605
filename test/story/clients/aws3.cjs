'use strict'

/** Invokes Lambda functions through the AWS SDK, version 3. */
exports.invoker = ({ origin }, sdk, requestHandler) => {
  const client = new sdk.LambdaClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
    // A second attempt on a new connection would hide the death of the first.
    maxAttempts: 1,
    ...(requestHandler && { requestHandler }),
  })
  let localPort = null
  const notePort = (next) => async (args) => {
    const result = await next(args)
    const { body } = result.response
    localPort = (body.session?.socket ?? body.socket).localPort
    return result
  }
  client.middlewareStack.add(notePort, { step: 'deserialize', priority: 'low' })
  return async (waitMs) => {
    await client.send(new sdk.InvokeCommand({ FunctionName: `wait-${waitMs}` }))
    return localPort
  }
}
