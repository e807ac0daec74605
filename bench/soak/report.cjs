'use strict'
const { costOf } = require('./arithmetic.cjs')
const { grown } = require('./judge.cjs')
const { figure, size } = require('./words.cjs')

/** What came of a soak, as a table of `[what, without, with]`. */
function rowsOf({ flows, with: hooked, without }) {
  const both = (what, of) => [what, of(without), of(hooked)]
  return [
    [
      `known to the NAT after ${flows.map(({ seconds }) => seconds).join(', ')} s`,
      different(flows.map((known) => known.without)),
      different(flows.map((known) => known.with)),
    ],
    both('alive at the end: a byte came back', ({ fates }) => figure(fates.alive)),
    both('reset at that byte', ({ fates }) => figure(fates.reset)),
    both('neither', ({ fates }) => figure(fates.silent + fates.lost + fates.other)),
    both('short connections beside them', ({ churn }) => figure(churn.short)),
    both('requests beside them', ({ churn }) => figure(churn.requests)),
    both('descriptors kept', ({ before, after }) => figure(after.descriptors - before.descriptors)),
    both('heap kept, compiled code above all', (side) => `${(grown(side) / 1e6).toFixed(1)} MB`),
    ['known to the hook before the end', '', verdictsOf(hooked.tracked)],
    ['known to it afterwards', '', verdictsOf(hooked.after.tracked)],
  ]
}

/** Such as `10,000 safe`; null is a client that has no hook. */
function verdictsOf(tracked) {
  const verdicts = Object.entries(tracked ?? {})
  return verdicts.map(([verdict, count]) => `${figure(count)} ${verdict}`).join(', ') || 'none'
}

/** One figure where all are the same. */
function different(numbers) {
  return [...new Set(numbers)].map(figure).join(', ')
}

/** A soak for a terminal. */
function report(result) {
  const { connections, limitSeconds, heldSeconds, limits, machine } = result
  const lines = rowsOf(result).map(
    ([what, ...sides]) => `  ${what.padEnd(44)}${sides.map((side) => side.padStart(14)).join('')}`,
  )
  return `${[
    `${figure(connections)} idle connections behind a NAT that forgets after ${limitSeconds} s, for ${heldSeconds} s`,
    `(${limits} limits); Node ${machine.node}, Linux ${machine.kernel}, ${machine.cpus} x ${machine.cpu}, ${machine.date}`,
    `${' '.repeat(46)}${['without hook', 'with hook'].map((side) => side.padStart(14)).join('')}`,
    ...lines,
    ...trafficLines(result),
  ].join('\n')}\n`
}

function trafficLines({ connections, probes, defaultDelaySeconds }) {
  const { packetsPerSecond, bytesPerSecond } = costOf({
    connections: 100_000,
    delaySeconds: defaultDelaySeconds,
    bytesPerPacket: probes.bytesPerPacket,
  })
  return [
    `Probes: ${figure(connections)} x ${probes.seconds} s / ${probes.delaySeconds} s are ${figure(probes.expected)}; the NAT saw ${figure(probes.seen)} (${probes.ratio}),`,
    `with ${figure(probes.answers)} answers, of ${probes.bytesPerPacket} bytes each. The client's kernel counted ${figure(probes.kernel)};`,
    `this machine dropped ${figure(probes.dropped)} packets meanwhile, of whatever kind, for want of room in a queue.`,
    `So 100,000 connections with the default delay of ${defaultDelaySeconds} s cost ${figure(packetsPerSecond)} packets/s, ${size(bytesPerSecond)}/s.`,
  ]
}

module.exports = { report, rowsOf }
