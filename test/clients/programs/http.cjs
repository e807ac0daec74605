'use strict'
// Packages that make requests of HTTP/1.1.
const http = require('node:http')
const https = require('node:https')

/** A case: `prepare` loads the package and answers the function that gets a URL. */
const web = (name, prepare, rest = {}) => ({
  package: name,
  server: 'http',
  async open(target) {
    const get = await prepare(target)
    return { wait: () => get(`${target.origin}/late`) }
  },
  ...rest,
})

const undici = (name, ask = ({ request }) => request) =>
  web(name, () => {
    const get = ask(require(name))
    return async (url) => (await get(url)).body.text()
  })

const axios = (name, options = () => ({})) =>
  web(name, () => {
    const { get } = require(name)
    const settings = options()
    return (url) => get(url, settings)
  })

const agents = () => ({
  httpAgent: new http.Agent({ keepAlive: true }),
  httpsAgent: new https.Agent({ keepAlive: true }),
})

const esm = (name) =>
  web(name, async ({ load }) => {
    const { default: get } = await load(name)
    return (url) => get(url).then((response) => response.text?.())
  })

const got = (name) =>
  web(name, async ({ load }) => {
    const { default: get } = await load(name)
    return (url) => get(url, { retry: { limit: 0 } })
  })

const gaxios = (name) =>
  web(name, () => {
    const { request } = require(name)
    return (url) => request({ url })
  })

exports.clients = {
  'undici-request': undici('undici'),
  'undici-fetch': undici('undici', ({ fetch }) => async (url) => ({ body: await fetch(url) })),
  'undici6-request': undici('undici6'),
  'undici5-request': undici('undici5'),
  axios: axios('axios'),
  axios17: axios('axios17'),
  axios0: axios('axios0'),
  'axios-keepAliveAgent': axios('axios', agents),
  got: got('got'),
  got13: got('got13'),
  got11: got('got11'),
  'node-fetch': esm('node-fetch'),
  'node-fetch2': esm('node-fetch2'),
  ky: esm('ky'),
  needle: web('needle', () => {
    const needle = require('needle')
    return (url) => needle('get', url)
  }),
  superagent: web('superagent', () => {
    const { get } = require('superagent')
    return (url) => get(url)
  }),
  request: web('request', () => {
    const { get } = require('request')
    return (url) =>
      new Promise((resolve, reject) => {
        get(url, (error) => (error ? reject(error) : resolve()))
      })
  }),
  agentkeepalive: web('agentkeepalive', ({ tls }) => {
    const { HttpAgent, HttpsAgent } = require('agentkeepalive')
    const agent = tls ? new HttpsAgent() : new HttpAgent()
    return (url) =>
      new Promise((resolve, reject) => {
        const request = (tls ? https : http).get(url, { agent }, (response) =>
          response.resume().on('end', resolve),
        )
        request.on('error', reject)
      })
  }),
  gaxios: gaxios('gaxios'),
  gaxios6: gaxios('gaxios6'),
  'octokit-request': web('@octokit/request', async ({ origin, load }) => {
    const { request } = await load('@octokit/request')
    return () => request({ baseUrl: origin, method: 'GET', url: '/late' })
  }),
}
