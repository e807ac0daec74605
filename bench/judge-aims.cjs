'use strict'
const { aims: all } = require('./aims.cjs')

/** Of fewer rounds than these a middle half says nothing. */
const FEWEST_ROUNDS = 4
/** Parts whose figures hardly differ from round to round. */
const REPEATABLE = ['instructions']

/**
 * What became of each aim in these results, for each row that it is about: `met` or `missed` where
 * the whole middle half lies on one side of it, `not decided` where that spans it or the rounds are too
 * few for one, and `not measured` where a part of these results has no such figure. Parts that are not
 * in the results are not judged.
 */
function judgeAims({ parts }, aims = all) {
  return aims
    .filter(({ part }) => part in parts)
    .flatMap((aim) => {
      const rows = parts[aim.part].rows.filter((row) => isAbout(aim, row))
      const judged = rows.flatMap((row) => judgeRow(aim, row))
      return judged.length > 0 ? judged : [{ ...described(aim), outcome: 'not measured' }]
    })
}

function isAbout({ what, measure }, row) {
  // Rows of other Nodes begin with them.
  const same = row.what === what || row.what.endsWith(`: ${what}`)
  return same && row.measure.startsWith(measure)
}

function judgeRow(aim, row) {
  const figure = figureOf(aim, row)
  if (figure === undefined) return []
  const enough = row.rounds >= FEWEST_ROUNDS || REPEATABLE.includes(aim.part)
  const outcome = enough ? outcomeOf(figure, aim.most) : 'not decided'
  const { median, quartiles } = figure
  return [{ ...described(aim, row), median, quartiles, outcome }]
}

function figureOf({ who = 'ours', figure }, row) {
  const one = who === 'ours' ? row.ours : row.peers[who]
  return { ratio: one?.ratio, own: one, beyond: one?.beyond }[figure]
}

function outcomeOf({ quartiles: [low, high] }, most) {
  if (high <= most) return 'met'
  return low > most ? 'missed' : 'not decided'
}

function described({ what, measure, who = 'ours', figure, unit, most }, row) {
  return { what: row?.what ?? what, measure: row?.measure ?? measure, who, figure, unit, most }
}

/** Whether results with these judgements pass: an aim was judged, and none is missed. */
function passes(judgements) {
  const outcomes = judgements.map(({ outcome }) => outcome)
  return outcomes.some((one) => one !== 'not measured') && !outcomes.includes('missed')
}

module.exports = { judgeAims, passes }
