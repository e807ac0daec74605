'use strict'
const { costOf } = require('./arithmetic.cjs')
const { rowsOf } = require('./report.cjs')
const { figure, size } = require('./words.cjs')

const FLEETS = [1_000, 10_000, 100_000]

/** docs/probe-traffic.md: what the probes cost the network, by what a soak has counted. */
function probeTraffic(result) {
  const { connections, limitSeconds, limits, heldSeconds, probes, machine } = result
  const { defaultDelaySeconds: delaySeconds } = result
  const cost = (count) =>
    costOf({ connections: count, delaySeconds, bytesPerPacket: probes.bytesPerPacket })
  const fleet = FLEETS.map((count) => {
    const { packetsPerSecond, bytesPerSecond, bytesIn30Days } = cost(count)
    return `| ${figure(count)} | ${figure(packetsPerSecond)} | ${size(bytesPerSecond)} | ${size(bytesIn30Days)} |`
  })
  const late = Math.round((1 - probes.ratio) * 1_000) / 10
  const lost =
    probes.dropped === 0
      ? ''
      : ` This machine, which plays all parts, dropped
${figure(probes.dropped)} packets of whatever kind meanwhile, because a queue was full; a probe that is lost is sent again.`
  return `# What the probes cost the network

An idle connection sends one probe in ${delaySeconds} s, the default delay, and each probe has one answer. Both are
packets without data: ${probes.bytesPerPacket} bytes of IPv4 with TCP timestamps (IPv6: 20 more), before the framing of the
link. A connection on which data moves sends none.

| idle connections | packets/s | bytes/s | in 30 days |
|---|---|---|---|
${fleet.join('\n')}

That is both directions together. Twice the delay is half the traffic: \`NAT_KEEPALIVE_DELAY\`.

## Counted

\`node bench/soak.cjs --write\` wrote this page on ${machine.date} (Node ${machine.node}, Linux ${machine.kernel},
${machine.cpus} x ${machine.cpu}). It held ${figure(connections)} connections idle through a NAT that forgets after ${limitSeconds} s, for
${limits} times as long (${heldSeconds} s), with a first probe after ${probes.delaySeconds} s; and as many without the hook, through the same
NAT at the same time. Beside them both programs opened and closed short connections and made
requests on pooled ones.

| | without the hook | with the hook |
|---|---|---|
${rowsOf(result)
  .map((cells) => `| ${cells.join(' | ')} |`)
  .join('\n')}

Arithmetic: ${figure(connections)} connections x ${probes.seconds} s / ${probes.delaySeconds} s are ${figure(probes.expected)} probes. The NAT forwarded ${figure(probes.seen)},
${late}% fewer, because the kernel's timers are coarse and may be late, but never early; the client's
kernel counted ${figure(probes.kernel)} (TCPKeepAlive), and ${figure(probes.answers)} answers came back. On the
connections without the hook there was not a packet.${lost}
`
}

module.exports = { probeTraffic }
