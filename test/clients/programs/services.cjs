'use strict'
// Clients of services that are reached by HTTP, other than AWS.

/** A case: `prepare` loads the package and answers the function that asks the service. */
const service = (name, prepare, rest = {}) => ({
  package: name,
  server: 'http',
  async open(target) {
    return { wait: await prepare(target) }
  },
  ...rest,
})

const openai = (name) =>
  service(name, ({ origin }) => {
    const { OpenAI } = require(name)
    const client = new OpenAI({ apiKey: 'nothing', baseURL: `${origin}/v1`, maxRetries: 0 })
    const messages = [{ role: 'user', content: 'late' }]
    return () => client.chat.completions.create({ model: 'any', messages })
  })

const stripe = (name) =>
  service(name, ({ host, port, tls }) => {
    const Stripe = require(name)
    const client = new Stripe('nothing', {
      host,
      port,
      protocol: tls ? 'https' : 'http',
      maxNetworkRetries: 0,
      telemetry: false,
    })
    return () => client.balance.retrieve()
  })

const search = (name) =>
  service(name, ({ origin }) => {
    const { Client } = require(name)
    const client = new Client({ node: origin, maxRetries: 0 })
    return () => client.search({ index: 'late' })
  })

exports.clients = {
  openai: openai('openai'),
  openai4: openai('openai4'),
  anthropic: service('@anthropic-ai/sdk', ({ origin }) => {
    const { Anthropic } = require('@anthropic-ai/sdk')
    const client = new Anthropic({ apiKey: 'nothing', baseURL: origin, maxRetries: 0 })
    const messages = [{ role: 'user', content: 'late' }]
    return () => client.messages.create({ model: 'any', max_tokens: 1, messages })
  }),
  stripe: stripe('stripe'),
  stripe14: stripe('stripe14'),
  slack: service('@slack/web-api', ({ origin }) => {
    const { WebClient } = require('@slack/web-api')
    const retryConfig = { retries: 0 }
    const client = new WebClient('nothing', { slackApiUrl: `${origin}/api/`, retryConfig })
    return () => client.auth.test()
  }),
  elastic: search('@elastic/elasticsearch'),
  elastic8: search('elasticsearch8'),
  elastic7: search('elasticsearch7'),
  opensearch: search('@opensearch-project/opensearch'),
  clickhouse: service('@clickhouse/client', ({ origin }) => {
    const { createClient } = require('@clickhouse/client')
    const client = createClient({ url: `${origin}/late` })
    return async () => (await client.query({ query: 'SELECT 1' })).text()
  }),
  'gcs-storage': service('@google-cloud/storage', ({ origin }) => {
    const { Storage } = require('@google-cloud/storage')
    const retryOptions = { autoRetry: false }
    const storage = new Storage({ apiEndpoint: origin, projectId: 'nobody', retryOptions })
    return () => storage.getBuckets({ autoPaginate: false })
  }),
  pubsub: service(
    '@google-cloud/pubsub',
    ({ host, port }) => {
      const { PubSub } = require('@google-cloud/pubsub')
      const apiEndpoint = `${host}:${port}`
      const pubsub = new PubSub({ apiEndpoint, emulatorMode: true, projectId: 'nobody' })
      return () => pubsub.getTopics({ autoPaginate: false })
    },
    { modes: ['plain'] },
  ),
  azure: service('@azure/core-rest-pipeline', async ({ origin }) => {
    const azure = require('@azure/core-rest-pipeline')
    const client = azure.createDefaultHttpClient()
    const pipeline = azure.createPipelineFromOptions({ retryOptions: { maxRetries: 0 } })
    return () => {
      const url = `${origin}/late`
      const request = azure.createPipelineRequest({ url, allowInsecureConnection: true })
      return pipeline.sendRequest(client, request)
    }
  }),
}
