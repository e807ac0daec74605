/** What a command writes on. A test passes its own. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** How wide a terminal is. */
  readonly columns?: number
}

export interface Terminal {
  /** Data. */
  readonly stdout: Output
  /** Talk. */
  readonly stderr: Output
  /** Colours what goes to stdout, or leaves it as it is. */
  readonly paint: Paint
}

export type Style = 'bold' | 'red' | 'green' | 'yellow'

export type Paint = (style: Style, text: string) => string

// util.styleText is younger than Node 18.
const codes = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

/** Colours are for terminals only, and not for those who set NO_COLOR (no-color.org). */
export function createPaint(output: Output, env: NodeJS.ProcessEnv): Paint {
  if (!output.isTTY || env.NO_COLOR || env.TERM === 'dumb') return (_, text) => text
  return (style, text) => {
    const [on, off] = codes[style]
    return `\x1b[${on}m${text}\x1b[${off}m`
  }
}

/** How many columns a table may fill: 80, or all of a terminal that is wider. */
export function widthOf({ isTTY, columns = 80 }: Output): number {
  return isTTY ? Math.max(80, columns) : 80
}
