'use strict'

/**
 * The rows of the bench that the chart shows: all of them costs, against nothing. Streaming is not
 * among them: its rounds differ by more than anything that could be told from them.
 */
const shown = [
  ['Start of an empty program', 'startup', 'a program that does nothing', 'CPU time'],
  ['Start of an https program', 'startup', 'a program that uses https', 'CPU time'],
  ['Connect and close', 'connect', 'a plain connection, opened and closed', 'CPU time'],
  ['Connect and close, TLS', 'connect', 'a TLS connection, opened and closed', 'CPU time'],
  ['Keep-alive request', 'requests', 'HTTP requests over 10 connections', 'CPU time of a request'],
  ['Idle connection', 'memory', 'an idle connection, of 10,000', 'heap'],
]

/** What the chart draws, out of the results of the bench. */
function costRows({ parts }) {
  return shown.map(([label, part, what, measure]) => {
    const row = parts[part]?.rows.find((one) => one.what === what && one.measure === measure)
    if (row === undefined) throw new Error(`The results have no row "${what}: ${measure}".`)
    const { unit, baseline, ours, peers } = row
    return {
      label,
      measure: measure.replace(/ of .*/, ''),
      unit,
      nothing: baseline.median,
      ours: { median: ours.median, ratio: ours.ratio },
      peers: Object.entries(peers)
        .filter(([name]) => isShown(name))
        .map(([name, { ratio }]) => ({ name, ratio: ratio.median })),
    }
  })
}

/** What ours costs in other settings, and references, are on the page only. */
function isShown(name) {
  return !name.startsWith('ours') && name !== 'empty preload'
}

module.exports = { costRows }
