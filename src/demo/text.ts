import type { Paint } from '../terminal/terminal'
import { wrapText } from '../terminal/wrap-text'
import type { Loopback } from './loopback'
import type { Gateway, Story, Times } from './nat'
import type { ProbeTimer } from './probe-timer'
import { type Line, renderSideBySide, type Side } from './side-by-side'

const withHook = 'node -r nat-keepalive/register app.js'

/** Said before part one is measured. */
export function introduceLoopback(paint: Paint): string {
  return section(
    paint('bold', 'Part 1: what the kernel does while an https request waits'),
    'Two programs on this machine each wait for an answer. The kernel says whether it will send keepalive probes meanwhile; without them, nothing passes on the connection, and a NAT forgets it.',
  )
}

export function renderLoopback(loopback: Loopback, paint: Paint): string {
  const rows: Line[] = [
    ['started as', 'node app.js', withHook],
    ['keepalive', keepalive(loopback.without), keepalive(loopback.with)],
  ]
  if (loopback.without.column !== null && loopback.with.column !== null) {
    rows.push(['/proc/net/tcp', `tr ${loopback.without.column}`, `tr ${loopback.with.column}`])
  }
  return `${renderSideBySide(rows, paint)}${reasons(loopback.without, loopback.with)}\n`
}

/** Said before part two is measured, which takes a while. */
export function introduceNat(times: Times, paint: Paint): string {
  const { limitMs, answerAfterMs, giveUpMs } = times
  return section(
    paint('bold', 'Part 2: an answer that takes longer than the NAT remembers'),
    `A service answers after ${whole(answerAfterMs)}, its clients wait for up to ${whole(giveUpMs)}, and the NAT between them forgets a connection that is idle for ${whole(limitMs)}. This is a real NAT, of the Linux kernel. Those of the clouds forget later: AWS after 350 s, Azure after 240 s.`,
  )
}

/** Instead of part two. */
export function renderNoNat(why: string, paint: Paint): string {
  const text = section(
    paint('bold', 'Part 2: an answer that takes longer than the NAT remembers'),
    `This part is left out, because it needs a NAT on this machine. ${why} Part 1 is all that can be shown here. Where there is Docker, this shows both:`,
  )
  return `${text}${containerLine}`
}

/** On macOS and Windows, Docker runs in a virtual machine whose Linux has all of it. */
const containerLine = `  docker run --rm --privileged node:24 sh -c "apt-get update -qq &&
    apt-get install -qq -y iproute2 nftables && npx -y nat-keepalive demo"

`

const titles = {
  reset: 'A NAT that resets what it has forgotten, as the AWS NAT Gateway does:',
  drop: 'A NAT that drops what it has forgotten, as many firewalls do:',
}

export function renderGateway(gateway: Gateway, paint: Paint): string {
  const { without, with: kept } = gateway
  const rows: Line[] = [
    ['keepalive', keepalive(without.kernel), keepalive(kept.kernel)],
    ['the NAT', fate(without), fate(kept)],
    ['the service', answer(without.answeredMs), answer(kept.answeredMs)],
    ['the client', outcome(without), outcome(kept)],
  ]
  const unknown = reasons(without.kernel, kept.kernel, without, kept)
  return `${titles[gateway.expiry]}\n${renderSideBySide(rows, paint)}${unknown}\n`
}

/** Said at the end, when everything went as it should. */
export function conclude(nat: boolean): string {
  const lesson = nat
    ? 'The client that only waits sends nothing, so it never learns that its connection is gone. '
    : ''
  return `${wrapText(`${lesson}To protect a program of yours, start it with this line:`)}\n  ${withHook}\n`
}

function section(title: string, text: string): string {
  return `${title}\n${wrapText(text)}\n\n`
}

function keepalive({ armed, nextTimerMs }: ProbeTimer): Side | string {
  if (armed === null) return 'not known'
  if (!armed) return { text: 'off', style: 'red' }
  // The time that is left is a little less than the time that was set.
  return { text: `on, first probe in ${Math.ceil((nextTimerMs ?? 0) / 1000)} s`, style: 'green' }
}

function fate({ forgottenMs, why }: Story): string {
  if (why !== null) return 'not known'
  return forgottenMs === null ? 'knew it to the end' : `forgot it by ${exact(forgottenMs)}`
}

function answer(ms: number | null): string {
  return ms === null ? 'did not answer' : `answered at ${exact(ms)}`
}

function outcome({ client }: Story): Side {
  const at = exact(client.ms)
  if (client.outcome === 'answered') return { text: `got its answer at ${at}`, style: 'green' }
  if (client.outcome === 'error') return { text: `${client.code} at ${at}`, style: 'red' }
  return { text: `no answer by ${at}`, style: 'red' }
}

function reasons(...facts: readonly { readonly why: string | null }[]): string {
  const known = new Set(facts.flatMap(({ why }) => (why === null ? [] : [why])))
  return [...known].map((why) => `${wrapText(`Not known, because ${why}.`)}\n`).join('')
}

function whole(ms: number): string {
  return `${ms / 1000} s`
}

function exact(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
