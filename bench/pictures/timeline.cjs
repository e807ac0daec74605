'use strict'
const { circle, element, line, picture, polygon, text, tspan } = require('./svg.cjs')

const WIDTH = 880
const LEFT = 104
const RIGHT = 868
const PANEL = { height: 212, client: 56, gateway: 92, band: 34, server: 164 }
const AXIS = 2 * PANEL.height - 14
const HEIGHT = AXIS + 58
const BEGIN_SECONDS = -14
const END_SECONDS = 860
/** What the delay of the capture stands for: the default. */
const DELAY = '45 s'

/**
 * What the parts of the picture share: the times of the capture, and how they become places.
 *
 * @typedef {{ limitSeconds: number, standsForSeconds: number, delaySeconds: number, scale: number,
 *   palette: Record<string, string>, x: (seconds: number) => number }} Stage
 */

/** One request that waits behind the NAT, without the hook and with it, as it was captured. */
function timeline(captured, palette) {
  const { limitSeconds, standsForSeconds } = captured
  const scale = standsForSeconds / limitSeconds
  const x = (seconds) =>
    LEFT + ((seconds * scale - BEGIN_SECONDS) / (END_SECONDS - BEGIN_SECONDS)) * (RIGHT - LEFT)
  const stage = { ...captured, palette, scale, x }
  const limit = `${standsForSeconds} s`
  const panels = [
    {
      run: captured.without,
      title: 'Without nat-keepalive',
      subtitle: `after ${limit} of silence the gateway forgets the connection`,
      verdict: 'the caller waits for ever',
    },
    {
      run: captured.with,
      title: 'With nat-keepalive',
      subtitle: `a probe every ${DELAY}, each answered: the gateway remembers`,
      verdict: 'answered',
    },
  ]
  return picture(
    {
      width: WIDTH,
      height: HEIGHT,
      title: 'A request whose answer takes ten minutes, through a NAT gateway',
      description: panels
        .map(({ title, subtitle, verdict }) => `${title}: ${subtitle}; ${verdict}.`)
        .join(' '),
    },
    [...panels.map((one, i) => panel({ ...stage, ...one, top: i * PANEL.height })), axis(stage)],
  )
}

/** @param {Stage & Record<string, any>} one */
function panel({ run, top, title, subtitle, verdict, ...stage }) {
  const { palette } = stage
  const { answered, endsAt } = momentsOf(run, stage)
  const lanes = {
    client: top + PANEL.client,
    gateway: top + PANEL.gateway,
    beyond: top + PANEL.gateway + PANEL.band,
    server: top + PANEL.server,
  }
  const outcome = answered ? palette.good : palette.bad
  const name = (lane, y) =>
    text(LEFT - 12, y + 4.5, lane, { 'text-anchor': 'end', fill: palette.text })
  const rail = (y) => line(LEFT, y, RIGHT, y, { stroke: palette.faint, 'stroke-width': 2 })
  return [
    text(0, top + 22, [
      tspan(title, { 'font-weight': 600, fill: palette.text, 'font-size': 17 }),
      tspan(subtitle, { dx: 14, fill: palette.muted }),
    ]),
    text(RIGHT, top + 22, verdict, {
      size: 15,
      'font-weight': 600,
      'text-anchor': 'end',
      fill: outcome,
    }),
    name('your program', lanes.client),
    name('NAT gateway', (lanes.gateway + lanes.beyond) / 2),
    name('service', lanes.server),
    rail(lanes.client),
    rail(lanes.server),
    memory(run, endsAt, lanes, stage),
    waiting(run, endsAt, lanes, stage),
    request(lanes, stage),
    probes(run, lanes, stage),
    answers(run, lanes, stage),
  ]
}

/** Whether the answer came through, and when the picture of this run ends. */
function momentsOf(run, { scale }) {
  const [first] = answersOf(run)
  const answered = first.inside !== null
  return { answered, endsAt: answered ? first.inside : END_SECONDS / scale }
}

/** What the service sends after the wait, and sends again where it hears nothing. */
function answersOf({ packets }) {
  const lastProbe = packets.findLast(({ what }) => what === 'probe')?.outside ?? 1
  const late = packets.filter(
    ({ from, what, outside }) =>
      from === 'server' && what !== 'ack' && outside !== null && outside > lastProbe,
  )
  // The answer is several packets in a moment, which are one arrow.
  return late.filter(({ outside }, i) => i === 0 || outside - late[i - 1].outside > 0.3)
}

/** What the gateway gives the connection to live: the limit again with each packet that passes. */
function memory(run, endsAt, lanes, { limitSeconds, standsForSeconds, palette, x }) {
  const height = lanes.beyond - lanes.gateway
  const y = (seconds) => lanes.beyond - (height * seconds) / limitSeconds
  const passed = passedAt(run).filter((at) => at >= 0 && at <= endsAt)
  const left = (at) => Math.max(0, limitSeconds - (at - passed.findLast((packet) => packet < at)))
  const gone = run.countdown.find(({ seconds }) => seconds === null)?.at ?? endsAt
  const teeth = passed.flatMap((at, i) => {
    const until = passed[i + 1] ?? Math.min(at + limitSeconds, endsAt)
    return [
      [x(at), lanes.gateway],
      [x(until), y(left(until))],
    ]
  })
  const middle = (lanes.gateway + lanes.beyond) / 2
  return [
    element('rect', {
      x: LEFT,
      y: lanes.gateway,
      width: RIGHT - LEFT,
      height,
      rx: 4,
      fill: 'none',
      stroke: palette.faint,
      'stroke-width': 1.5,
    }),
    polygon([[x(0), lanes.beyond], ...teeth, [teeth.at(-1)[0], lanes.beyond]], {
      fill: palette.ours,
      'fill-opacity': 0.3,
    }),
    gone < endsAt
      ? [
          text(x(0) + 9, lanes.beyond - 7, `counts down from ${standsForSeconds} s`, {
            fill: palette.text,
          }),
          line(x(gone), lanes.gateway - 8, x(gone), lanes.beyond + 8, {
            stroke: palette.bad,
            'stroke-width': 2,
            'stroke-dasharray': '4 3',
          }),
          text(x(gone) + 10, middle + 4.5, 'forgotten, and nobody is told', {
            fill: palette.bad,
          }),
        ]
      : [],
  ]
}

/** The program waits; once the answer is due and does not come, in vain. */
function waiting(run, endsAt, lanes, { palette, x }) {
  const due = answersOf(run)[0].outside
  const wait = (from, to, stroke) =>
    line(x(from), lanes.client, x(to), lanes.client, { stroke, 'stroke-width': 4 })
  return [
    wait(0, due, palette.line),
    due < endsAt
      ? [
          wait(due, endsAt, palette.bad),
          polygon(
            [
              [RIGHT + 8, lanes.client],
              [RIGHT - 5, lanes.client - 7],
              [RIGHT - 5, lanes.client + 7],
            ],
            { fill: palette.bad },
          ),
        ]
      : [],
  ]
}

/** When packets of the connection went through the gateway. */
function passedAt({ packets }) {
  const through = packets.filter(({ inside, outside }) => inside !== null && outside !== null)
  return through.map(({ inside, outside }) => Math.max(inside, outside))
}

function request(lanes, { palette, x }) {
  return [
    arrow(x(0), lanes.client, lanes.server, palette.text),
    text(x(0), lanes.client - 9, 'request', { fill: palette.text }),
  ]
}

function probes({ packets }, lanes, { delaySeconds, palette, x }) {
  const sent = packets.filter(({ what }) => what === 'probe').map(({ inside }) => inside)
  const isAnswered = (at) =>
    packets.some(
      ({ from, inside }) => from === 'server' && inside >= at && inside < at + delaySeconds / 2,
    )
  const third = sent[2]
  return [
    sent.map((at) => [
      arrow(x(at), lanes.client, lanes.server, palette.ours),
      isAnswered(at) ? head(x(at), lanes.client, -1, palette.ours) : [],
    ]),
    third === undefined
      ? []
      : text(x(third), lanes.client - 9, 'probes', { 'text-anchor': 'middle', fill: palette.ours }),
  ]
}

/**
 * @param {any} run
 * @param {Record<string, number>} lanes
 * @param {Stage} stage
 */
function answers(run, lanes, { palette, x, ...stage }) {
  const { answered } = momentsOf(run, stage)
  const colour = answered ? palette.good : palette.bad
  const [first, ...again] = answersOf(run)
  const at = x(first.outside)
  const label = { fill: colour, 'font-weight': 600 }
  if (answered) {
    return [
      arrow(at, lanes.server, lanes.client, colour, 2.5),
      circle(at, lanes.client, 6, { fill: colour }),
      text(at + 12, lanes.client + 22, 'the answer arrives', label),
    ]
  }
  const stopped = (place, opacity) =>
    element(
      'g',
      { opacity },
      [
        arrow(place, lanes.server, lanes.beyond + 11, colour, 2.5),
        cross(place, lanes.beyond + 5, colour),
      ]
        .flat()
        .join(''),
    )
  return [
    stopped(at, 1),
    again
      .filter(({ outside }) => outside < END_SECONDS / stage.scale)
      .map(({ outside }) => stopped(x(outside), 0.6)),
    text(at - 12, lanes.server - 14, 'the answer reaches nobody', {
      ...label,
      'text-anchor': 'end',
    }),
  ]
}

/** A packet on its way down or up. */
function arrow(x, from, to, colour, width = 1.5) {
  const direction = Math.sign(to - from)
  return [
    line(x, from, x, to - direction * 4, { stroke: colour, 'stroke-width': width }),
    head(x, to, direction, colour),
  ]
}

function head(x, y, direction, colour) {
  const points = [
    [x, y],
    [x - 4, y - direction * 8],
    [x + 4, y - direction * 8],
  ]
  return polygon(points, { fill: colour })
}

function cross(x, y, colour) {
  const attributes = { stroke: colour, 'stroke-width': 2.5, 'stroke-linecap': 'round' }
  return [
    line(x - 4.5, y - 4.5, x + 4.5, y + 4.5, attributes),
    line(x - 4.5, y + 4.5, x + 4.5, y - 4.5, attributes),
  ]
}

function axis({ limitSeconds, delaySeconds, palette, scale, x }) {
  const ticks = []
  for (let minutes = 0; minutes * 60 <= END_SECONDS; minutes += 2) {
    const at = x((minutes * 60) / scale)
    ticks.push(
      line(at, AXIS, at, AXIS + 5, { stroke: palette.line, 'stroke-width': 1.5 }),
      text(at, AXIS + 20, minutes === 0 ? '0' : `${minutes} min`, {
        'text-anchor': 'middle',
        size: 12,
        fill: palette.muted,
      }),
    )
  }
  const note =
    `Drawn from a capture behind a Linux NAT on which ${limitSeconds} s stand for ${limitSeconds * scale} s, ` +
    `and a delay of ${delaySeconds} s for ${DELAY}.`
  return [
    line(LEFT, AXIS, RIGHT, AXIS, { stroke: palette.line, 'stroke-width': 1.5 }),
    ticks,
    text(LEFT, AXIS + 44, note, { size: 12, fill: palette.muted }),
  ]
}

module.exports = { timeline }
