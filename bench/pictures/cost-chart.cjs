'use strict'
const { costRows } = require('./cost-rows.cjs')
const { isDistinct, NO_DIFFERENCE } = require('../statistics.cjs')
const { circle, line, picture, polygon, text } = require('./svg.cjs')

const WIDTH = 880
const PLOT = { left: 206, right: 630 }
const COLUMNS = { nothing: 716, ours: 806, change: 878 }
const TOP = 64
const ROW = 42
const TICKS = [0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 50]

/** Outlines around 0, 0, x and y by turns, which tell the peers apart without colour. */
const shapes = [
  [-5, 4, 0, -5, 5, 4],
  [-5, -4, 0, 5, 5, -4],
  [-4, -4, 4, -4, 4, 4, -4, 4],
  [0, -5.5, 5.5, 0, 0, 5.5, -5.5, 0],
  [0, -2, 3, -5, 5, -3, 2, 0, 5, 3, 3, 5, 0, 2, -3, 5, -5, 3, -2, 0, -5, -3, -3, -5],
  [-2, -5, 2, -5, 2, -2, 5, -2, 5, 2, 2, 2, 2, 5, -2, 5, -2, 2, -5, 2, -5, -2, -2, -2],
].map(pairs)

/** What the hook costs, as a multiple of what the same costs without it, beside the peers. */
function costChart(results, palette) {
  const rows = costRows(results)
  const ratios = rows.flatMap(({ ours, peers }) => [
    ...ours.ratio.quartiles,
    ...peers.map(({ ratio }) => ratio),
  ])
  const x = logScale(Math.min(0.8, ...ratios) / 1.04, Math.max(2, ...ratios) * 1.08)
  const bottom = TOP + rows.length * ROW
  const names = [...new Set(rows.flatMap(({ peers }) => peers.map(({ name }) => name)))]
  const marks = marksFor(names, palette)
  const legend = drawLegend(names, marks, bottom + 50, palette)
  return picture(
    {
      width: WIDTH,
      height: legend.bottom + 34,
      title: 'What nat-keepalive costs, against nothing and against other ways',
      description: rows.map(describe).join(' '),
    },
    [
      heading(palette),
      grid(x, bottom, palette),
      rows.map((row, i) => drawRow(row, TOP + (i + 0.5) * ROW, { x, marks, palette })),
      legend.shapes,
      text(0, legend.bottom + 26, note(results), { size: 12, fill: palette.muted }),
    ],
  )
}

function pairs(numbers) {
  return numbers.flatMap((x, i) => (i % 2 === 0 ? [[x, numbers[i + 1]]] : []))
}

function logScale(low, high) {
  const share = (value) => Math.log(value / low) / Math.log(high / low)
  const x = (value) => PLOT.left + share(value) * (PLOT.right - PLOT.left)
  x.ticks = TICKS.filter((tick) => tick > low && tick < high)
  return x
}

function describe({ label, measure, unit, nothing, ours }) {
  return `${label}, ${measure}: ${amount(nothing)} ${unit} without it, ${amount(ours.median)} ${unit} with it (${isDistinct(ours.ratio) ? change(ours) : NO_DIFFERENCE}).`
}

function note({ machine: { node, cpus, cpu, takenAt } }) {
  return `Medians; the bar is the middle half. Node ${node}, ${cpus} x ${cpu}, ${takenAt.slice(0, 10)}.`
}

/** Three digits, which is more than the spread allows to tell. */
function amount(number) {
  return Number(number.toPrecision(3)).toLocaleString('en-GB')
}

function change({ ratio }) {
  if (!isDistinct(ratio)) return 'none'
  const percent = Math.round((ratio.median - 1) * 100)
  return `${percent < 0 ? '\u2212' : '+'}${Math.abs(percent)}%`
}

function heading(palette) {
  const column = (x, content, fill, weight) =>
    text(x, TOP - 14, content, { 'text-anchor': 'end', fill, 'font-weight': weight })
  return [
    text(PLOT.left, TOP - 14, 'left of \u00d71 is cheaper', { fill: palette.muted }),
    text(0, 20, 'What it costs, as a multiple of the same without it', {
      size: 17,
      'font-weight': 600,
      fill: palette.text,
    }),
    column(COLUMNS.nothing, 'without', palette.muted),
    column(COLUMNS.ours, 'with', palette.ours, 600),
  ]
}

function grid(x, bottom, palette) {
  return x.ticks.map((tick) => {
    const one = tick === 1
    return [
      line(x(tick), TOP - 4, x(tick), bottom + 4, {
        stroke: one ? palette.text : palette.faint,
        'stroke-width': one ? 1.5 : 1,
      }),
      text(x(tick), bottom + 20, `\u00d7${tick}`, {
        size: 12,
        'text-anchor': 'middle',
        fill: one ? palette.text : palette.muted,
      }),
    ]
  })
}

function drawRow({ label, measure, unit, nothing, ours, peers }, y, { x, marks, palette }) {
  const [low, high] = ours.ratio.quartiles
  const at = x(ours.ratio.median)
  const figure = (column, number) =>
    text(column, y + 4.5, `${amount(number)} ${unit}`, { 'text-anchor': 'end', fill: palette.text })
  return [
    text(0, y - 3, label, { fill: palette.text }),
    text(0, y + 13, measure, { size: 12, fill: palette.muted }),
    line(PLOT.left, y, PLOT.right, y, { stroke: palette.faint, 'stroke-width': 1 }),
    peers.map(({ name, ratio }) => marks[name](x(ratio), y)),
    line(x(low), y, x(high), y, { stroke: palette.ours, 'stroke-width': 3 }),
    circle(at, y, 6.5, { fill: palette.ours }),
    figure(COLUMNS.nothing, nothing),
    figure(COLUMNS.ours, ours.median),
    text(COLUMNS.change, y + 4.5, change(ours), {
      'text-anchor': 'end',
      'font-weight': 600,
      fill: palette.ours,
    }),
  ]
}

/** How each name is drawn: our own variants are rings in our colour. */
function marksFor(names, palette) {
  const peers = names.filter((name) => !isOurs(name))
  const variants = names.filter(isOurs)
  return Object.fromEntries(
    names.map((name) => {
      if (isOurs(name)) {
        const ring = { fill: 'none', stroke: palette.ours, 'stroke-width': 2 }
        const radius = 5 - 2 * variants.indexOf(name)
        return [name, (x, y) => circle(x, y, radius, ring)]
      }
      const shape = shapes[peers.indexOf(name) % shapes.length]
      const outline = { fill: 'none', stroke: palette.peer, 'stroke-width': 1.8 }
      const moved = (x, y) => shape.map(([dx, dy]) => [x + dx, y + dy])
      return [name, (x, y) => polygon(moved(x, y), outline)]
    }),
  )
}

function isOurs(name) {
  return name.startsWith('ours')
}

/** The names below the plot, long ones in a row of their own. */
function drawLegend(names, marks, top, palette) {
  const entries = [
    ['nat-keepalive', (x, y) => circle(x, y, 6.5, { fill: palette.ours })],
    ...names.map((name) => [name.replace(/^ours, /, 'nat-keepalive, '), marks[name]]),
  ]
  const wide = entries.filter(([name]) => name.length > 20)
  const narrow = entries.filter(([name]) => name.length <= 20)
  const place = (list, y, columns) =>
    list.map(([name, mark], i) => {
      const x = 8 + (i * WIDTH) / columns
      return [mark(x, y - 4.5), text(x + 13, y, name, { fill: palette.text })]
    })
  const drawn = [place(narrow, top + 6, Math.max(6, narrow.length))]
  if (wide.length > 0) drawn.push(place(wide, top + 30, 2))
  return { shapes: drawn, bottom: top + (wide.length > 0 ? 30 : 6) }
}

module.exports = { costChart }
