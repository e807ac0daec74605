// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours that `paint` makes
const colours = /\x1b\[\d+m/g

/**
 * One line, cut to `width` cells of a terminal, the last of which then holds three dots. Colours take
 * no cell, and those behind the cut stay, because they end what began before it.
 */
export function cutLine(line: string, width: number): string {
  if (line.replace(colours, '').length <= width) return line
  let shown = ''
  let left = Math.max(0, width - 1)
  let cut = false
  let end = 0
  for (const { 0: colour, index } of [...line.matchAll(colours), { 0: '', index: line.length }]) {
    const part = line.slice(end, index)
    shown += part.slice(0, left)
    if (!cut && part.length >= left) {
      cut = true
      shown += '…'
    }
    left = Math.max(0, left - part.length)
    shown += colour
    end = index + colour.length
  }
  return shown
}
