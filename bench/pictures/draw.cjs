'use strict'
const { costChart } = require('./cost-chart.cjs')
const { palettes } = require('./palettes.cjs')
const { timeline } = require('./timeline.cjs')

/** The pictures of the README as `{ file: svg }`, each for a light and a dark background. */
function draw({ captured, results }) {
  return Object.fromEntries(
    Object.entries(palettes).flatMap(([background, palette]) => [
      [`timeline-${background}.svg`, timeline(captured, palette)],
      [`cost-${background}.svg`, costChart(results, palette)],
    ]),
  )
}

module.exports = { draw }
