'use strict'

// The engine keeps about a megabyte of compiled code; an entry that is kept is 200 bytes or more.
const LEAK_PER_CONNECTION = 100
// Kernel timers fire up to an eighth late, and never early: a 32nd where the delay is a second.
const PROBES_WITHIN = 0.1

/** What did not go as it has to, in sentences. */
function judge({ connections, flows, with: hooked, without, probes }) {
  const problems = []
  const demand = (holds, sentence) => {
    if (!holds) problems.push(sentence)
  }
  const { fates, tracked } = hooked
  if (tracked === null) return ['The client with the hook had none.']
  demand(
    fates.alive === connections,
    `With the hook, ${connections - fates.alive} of ${connections} connections were lost.`,
  )
  demand(
    without.fates.reset === connections,
    `Without the hook, ${connections - without.fates.reset} connections were not reset.`,
  )
  for (const { seconds, ...known } of flows) {
    demand(
      known.with === connections,
      `After ${seconds} s the NAT knew ${known.with} of ${connections} connections with the hook.`,
    )
    demand(
      known.without === 0,
      `After ${seconds} s the NAT still knew ${known.without} connections without the hook.`,
    )
  }
  demand(
    tracked.safe === connections && Object.keys(tracked).length === 1,
    `The hook knew of ${JSON.stringify(tracked)}, and ${connections} were open.`,
  )
  demand(
    Object.keys(hooked.after.tracked).length === 0,
    `The hook still knows of ${JSON.stringify(hooked.after.tracked)} when all are closed.`,
  )
  for (const [name, side] of Object.entries({ with: hooked, without })) {
    const { before, after, churn } = side
    demand(
      after.descriptors <= before.descriptors,
      `The client ${name} the hook kept ${after.descriptors - before.descriptors} descriptors.`,
    )
    demand(
      churn.failed === 0,
      `In the churn ${name} the hook, ${churn.failed} connections or requests failed.`,
    )
    demand(churn.short > 0 && churn.requests > 0, `There was no churn ${name} the hook.`)
  }
  // Node keeps something of its own after so many connections: the hook may not add to it.
  const leaked = grown(hooked) - grown(without)
  demand(
    leaked < LEAK_PER_CONNECTION * (connections + hooked.churn.short),
    `The heap of the client with the hook grew by ${leaked} bytes more than the other.`,
  )
  demand(
    Math.abs(probes.ratio - 1) <= PROBES_WITHIN,
    `The NAT saw ${probes.seen} probes where arithmetic gives ${probes.expected}.`,
  )
  // What the machine lost, and what passes in a fifth of a second: nothing is read in one moment.
  const tolerance = probes.dropped + (0.2 * connections) / probes.delaySeconds
  demand(
    Math.abs(probes.answers - probes.seen) <= tolerance,
    `${probes.seen} probes had ${probes.answers} answers.`,
  )
  demand(
    Math.abs(probes.kernel - probes.seen) <= tolerance,
    `The client's kernel counted ${probes.kernel} probes, the NAT ${probes.seen}.`,
  )
  demand(
    probes.withoutHook === 0,
    `${probes.withoutHook} packets passed on the connections without the hook.`,
  )
  return problems
}

/** By how much the heap of a client has grown. */
function grown({ before, after }) {
  return after.heapBytes - before.heapBytes
}

module.exports = { grown, judge }
