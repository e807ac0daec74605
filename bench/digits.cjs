'use strict'

/** A number with three significant digits, or whole where it has more. */
function digits(number) {
  return number >= 1_000
    ? Math.round(number).toLocaleString('en')
    : String(Number(number.toPrecision(3)))
}

module.exports = { digits }
