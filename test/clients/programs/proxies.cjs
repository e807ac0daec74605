'use strict'
// https through a proxy, by CONNECT: the connection that counts is the one to the proxy.
const https = require('node:https')

const BEHIND = 'https://behind.clients.test/late'

/** A case of an agent for node:https, which `make` makes of the proxy's URL. */
const byAgent = (name, make) => ({
  package: name,
  server: 'http',
  modes: ['tls'],
  async open({ host, port, load }) {
    const agent = make(await load(name), `http://${host}:${port}`)
    return {
      wait: () =>
        new Promise((resolve, reject) => {
          const request = https.get(BEHIND, { agent }, (response) =>
            response.resume().on('end', resolve),
          )
          request.on('error', reject)
        }),
    }
  },
})

const proxyAgent = ({ HttpsProxyAgent }, proxy) => new HttpsProxyAgent(proxy)
const keepingAgent = ({ HttpsProxyAgent }, proxy) => new HttpsProxyAgent(proxy, { keepAlive: true })

exports.clients = {
  'https-proxy-agent': byAgent('https-proxy-agent', proxyAgent),
  'https-proxy-agent-keepAlive': byAgent('https-proxy-agent', keepingAgent),
  'https-proxy-agent7': byAgent('https-proxy-agent7', proxyAgent),
  'https-proxy-agent7-keepAlive': byAgent('https-proxy-agent7', keepingAgent),
  'https-proxy-agent5': byAgent('https-proxy-agent5', ({ default: create }, proxy) =>
    create(proxy),
  ),
  hpagent: byAgent(
    'hpagent',
    ({ HttpsProxyAgent }, proxy) => new HttpsProxyAgent({ keepAlive: true, proxy }),
  ),
  'undici-ProxyAgent': {
    package: 'undici',
    server: 'http',
    modes: ['tls'],
    async open({ host, port }) {
      const { ProxyAgent, request } = require('undici')
      const dispatcher = new ProxyAgent(`http://${host}:${port}`)
      return { wait: async () => (await request(BEHIND, { dispatcher })).body.text() }
    },
  },
}
