'use strict'

/** A figure with its thousands set apart. */
function figure(number) {
  return Math.round(number).toLocaleString('en-GB')
}

/** Bytes in the unit that suits them. */
function size(bytes) {
  if (bytes >= 1e9) return `${Number((bytes / 1e9).toPrecision(3))} GB`
  if (bytes >= 1e6) return `${Number((bytes / 1e6).toPrecision(3))} MB`
  return bytes >= 1e3 ? `${Number((bytes / 1e3).toPrecision(3))} kB` : `${Math.round(bytes)} bytes`
}

module.exports = { figure, size }
