'use strict'

const FONT =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"

/** An element: `element('line', { x1: 0 })`. Numbers keep one decimal, which is a tenth of a pixel. */
function element(name, attributes, content = '') {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${escapeXml(typeof value === 'number' ? tenth(value) : value)}"`,
    )
    .join('')
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`
}

/**
 * Text, of one piece or of several made by `tspan`.
 *
 * @param {number} x
 * @param {number} y
 * @param {string | string[]} content
 * @param {Record<string, any>} attributes
 */
function text(x, y, content, { size = 13, ...attributes } = {}) {
  const pieces = Array.isArray(content) ? content.join('') : escapeXml(content)
  return element('text', { x, y, 'font-size': size, ...attributes }, pieces)
}

function tspan(content, attributes) {
  return element('tspan', attributes, escapeXml(content))
}

function line(x1, y1, x2, y2, attributes) {
  return element('line', { x1, y1, x2, y2, ...attributes })
}

function circle(cx, cy, r, attributes) {
  return element('circle', { cx, cy, r, ...attributes })
}

function polygon(points, attributes) {
  const written = points.map((point) => point.map(tenth).join()).join(' ')
  return element('polygon', { points: written, ...attributes })
}

/** A picture with its name and description for those who cannot see it, a shape a line. */
function picture({ width, height, title, description }, shapes) {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" font-family="${FONT}">`,
    element('title', { id: 'title' }, escapeXml(title)),
    element('desc', { id: 'description' }, escapeXml(description)),
    ...shapes.flat(Number.POSITIVE_INFINITY),
    '</svg>',
  ].join('\n')}\n`
}

function tenth(number) {
  return String(Math.round(number * 10) / 10)
}

function escapeXml(content) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return String(content).replace(/[&<>"]/g, (character) => entities[character])
}

module.exports = { circle, element, line, picture, polygon, text, tspan }
