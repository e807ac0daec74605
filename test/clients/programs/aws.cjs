'use strict'
const http = require('node:http')
const https = require('node:https')

const settings = ({ origin }) => ({
  endpoint: origin,
  region: 'us-east-1',
  credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
  // A second attempt would be a connection of its own.
  maxAttempts: 1,
})

/** A case of the SDK, version 3: `make` answers a client and its command. */
const aws3 = (name, make, rest = {}) => ({
  package: name,
  server: 'http',
  async open(target) {
    const [client, command] = make(require(name), settings(target), target)
    return { wait: () => client.send(command) }
  },
  ...rest,
})

const lambda = (name, more = () => ({})) =>
  aws3(name, ({ LambdaClient, InvokeCommand }, options) => [
    new LambdaClient({ ...options, ...more() }),
    new InvokeCommand({ FunctionName: 'late' }),
  ])

const withAgents = (options) => () => {
  const { NodeHttpHandler } = require('@smithy/node-http-handler')
  const requestHandler = new NodeHttpHandler({
    httpAgent: new http.Agent(options),
    httpsAgent: new https.Agent(options),
  })
  return { requestHandler }
}

const aws2 = (env = {}) => ({
  package: 'aws-sdk',
  server: 'http',
  env: { AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1', ...env },
  async open({ origin }) {
    const AWS = require('aws-sdk')
    const client = new AWS.Lambda({
      endpoint: origin,
      region: 'us-east-1',
      accessKeyId: 'nobody',
      secretAccessKey: 'nothing',
      maxRetries: 0,
    })
    return { wait: () => client.invoke({ FunctionName: 'late' }).promise() }
  },
})

exports.clients = {
  'aws3-lambda-invoke': lambda('@aws-sdk/client-lambda'),
  'aws3-lambda-invoke-3.449': lambda('@aws-sdk/client-lambda-3.449'),
  'aws3-lambda-invoke-3.199': lambda('@aws-sdk/client-lambda-3.199'),
  'aws3-lambda-plainAgent': lambda('@aws-sdk/client-lambda', withAgents({ keepAlive: false })),
  'aws3-lambda-maxSockets-agent': lambda(
    '@aws-sdk/client-lambda',
    withAgents({ keepAlive: true, maxSockets: 50 }),
  ),
  'aws3-s3-list': aws3('@aws-sdk/client-s3', ({ S3Client, ListObjectsV2Command }, options) => [
    new S3Client({ ...options, forcePathStyle: true }),
    new ListObjectsV2Command({ Bucket: 'late' }),
  ]),
  'aws3-sqs-longpoll': aws3(
    '@aws-sdk/client-sqs',
    ({ SQSClient, ReceiveMessageCommand }, options, { origin }) => [
      new SQSClient(options),
      new ReceiveMessageCommand({ QueueUrl: `${origin}/0/late`, WaitTimeSeconds: 20 }),
    ],
  ),
  'aws3-kinesis-h2': aws3(
    '@aws-sdk/client-kinesis',
    ({ KinesisClient, ListStreamsCommand }, options) => [
      new KinesisClient(options),
      new ListStreamsCommand({}),
    ],
    { modes: ['tls'] },
  ),
  'aws3-bedrock-runtime-h2': aws3(
    '@aws-sdk/client-bedrock-runtime',
    ({ BedrockRuntimeClient, InvokeModelCommand }, options) => [
      new BedrockRuntimeClient(options),
      new InvokeModelCommand({ modelId: 'late', body: '{}' }),
    ],
    { modes: ['tls'] },
  ),
  'aws2-lambda-invoke': aws2(),
  'aws2-lambda-REUSE=1': aws2({ AWS_NODEJS_CONNECTION_REUSE_ENABLED: '1' }),
}
