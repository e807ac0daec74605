'use strict'
// A request that is never answered is given up by HOW after GIVE_UP_MS.
const { giveUpMs, goOn, observe, rejected, see, target } = require('./observe.cjs')
const http = require('node:http')
const https = require('node:https')

const path = '/wait-600000?token=secret#secret'
const options = {
  ...target,
  path,
  agent: false,
  auth: 'somebody:secret',
  headers: { 'x-api-key': 'secret' },
}

/** Each returns a promise of the end. */
const ways = {
  'req.destroy': () => {
    const request = observe('request', https.get(options))
    request.setTimeout(giveUpMs, () => request.destroy())
    return closed(request)
  },
  'req.destroy with an error': () => {
    const request = observe('request', http.get(options))
    setTimeout(() => request.destroy(new Error('too slow')), giveUpMs)
    return closed(request)
  },
  'socket.setTimeout': () => {
    const request = observe('request', https.get(options))
    request.on('socket', (socket) => {
      observe('socket', socket)
      socket.setTimeout(giveUpMs, () => socket.destroy())
    })
    return closed(request)
  },
  'AbortController with http': () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), giveUpMs)
    return closed(observe('request', http.get({ ...options, signal: controller.signal })))
  },
  'AbortController with fetch': () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), giveUpMs)
    return fetched(controller.signal)
  },
  'AbortSignal.timeout with http': () => {
    const signal = AbortSignal.timeout(giveUpMs)
    return closed(observe('request', http.get({ ...options, signal })))
  },
  'AbortSignal.timeout with fetch': () => fetched(AbortSignal.timeout(giveUpMs)),
}

function fetched(signal) {
  const url = `http://${target.host}:${target.port}${path}`
  const headers = { authorization: 'Bearer secret' }
  return fetch(url, { method: 'PUT', body: 'secret', headers, signal }).catch(rejected('fetch'))
}

function closed(request) {
  return new Promise((resolve) => request.on('close', resolve))
}

see('asks')
ways[process.env.HOW]().then(goOn)
