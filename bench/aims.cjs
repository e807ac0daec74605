'use strict'

/** @typedef {{ part: string, what: string, measure: string, who?: string, figure: 'ratio' | 'own' | 'beyond', unit: string, most: number }} Aim */

const HTTPS = 'a program that uses https'
const CONNECT = 'a plain connection, opened and closed'
const STARTS = ['ours', 'ours, NAT_KEEPALIVE_SYSCTL=warn', 'ours, three settings']

/**
 * What the hook may cost at most. `what` and `measure` find the row, also those of other Nodes
 * (`measure` by its beginning), `who` is whose figure counts: its ratio to the base, its own, or what
 * it has beyond the base.
 * @type {Aim[]}
 */
const aims = [
  ...STARTS.flatMap((who) => [
    ratio('startup', HTTPS, 'CPU time', 1.02, who),
    ratio('instructions', `start of ${HTTPS}`, 'instructions', 1.02, who),
  ]),
  ratio('connect', CONNECT, 'CPU time', 1.05),
  ratio('instructions', CONNECT, 'instructions', 1.05),
  ratio('instructions', CONNECT, 'instructions', 1.05, 'ours, a few connects a second'),
  ratio('audit', '10,000 connections', 'CPU time of asking the kernel about all', 0.1),
  {
    part: 'audit',
    what: '10,000 connections',
    measure: 'longest gap of asking about all',
    figure: 'own',
    unit: 'ms',
    most: 3,
  },
  ratio('idle', 'an hour with 10,000 idle connections', 'CPU time', 3),
  {
    part: 'memory',
    what: 'an idle connection, of 10,000',
    measure: 'heap',
    figure: 'beyond',
    unit: 'bytes',
    most: 200,
  },
  ratio('peaks', 'uploads, each with a request of its own', 'peak of resident memory', 1.1),
  ratio('peaks', 'jobs of 4 MB with a connection each', 'peak of resident memory', 1.1),
  ratio('peaks', 'a crawler of new destinations', 'peak of resident memory', 1.1),
]

/** @returns {Aim} */
function ratio(part, what, measure, most, who) {
  return { part, what, measure, who, figure: 'ratio', unit: 'times', most }
}

module.exports = { aims }
