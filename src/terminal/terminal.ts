import { printable } from '../process/printable'

/** Where a command's text goes. A test passes its own. */
export interface Output {
  /** `done` gets the error where it could not be written. */
  write(text: string, done?: (error?: Error | null) => void): unknown
  readonly isTTY?: boolean | undefined
  /** How wide a terminal is. */
  readonly columns?: number | undefined
  /** How high it is. */
  readonly rows?: number | undefined
}

export interface Streams {
  readonly stdout: Output
  readonly stderr: Output
}

export interface Terminal extends Streams {
  /** Data. */
  readonly stdout: Output
  /** Talk. */
  readonly stderr: Output
  /** Colours a piece of text that goes to stdout, or leaves it as it is; in any case it is one line. */
  readonly paint: Paint
}

export type Style = 'bold' | 'red' | 'green' | 'yellow'

export type Paint = (style: Style, text: string) => string

// util.styleText is younger than Node 18.
const codes = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

/** To the start of the screen, and nothing of what is there stays. */
export const HOME = '\x1b[H\x1b[J'
/** The other screen, without a cursor, on which no line goes on in the next one. */
export const SCREEN_ON = '\x1b[?1049h\x1b[?25l\x1b[?7l'
export const SCREEN_OFF = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * What the commands write on. Whatever they write, what a terminal would obey leaves only where it is
 * made here: new lines and colours anywhere, and at the beginning of a text the return to the start
 * of the line or of the screen, and the way to the other screen and back. The rest is escaped. So a
 * name from outside cannot colour, move or hide anything; that it cannot begin a line either is up to
 * what puts it into the text, which is `wrapText`, `renderTable`, `renderJson`, `say` or `paint`.
 */
export function createTerminal({ stdout, stderr }: Streams, env: NodeJS.ProcessEnv): Terminal {
  const colours = hasColours(stdout, env)
  return {
    stdout: guarded(stdout, colours),
    stderr: guarded(stderr, false),
    paint: createPaint(stdout, env),
  }
}

const ofLogs = /\n/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are ours
const ofLogsWithColours = /\n|\x1b\[(?:1|22|31|32|33|39)m/g
const ofTerminals =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are ours
  /\n|^\r|^\x1b\[H\x1b\[J|^\x1b\[\?1049h\x1b\[\?25l\x1b\[\?7l|^\x1b\[\?7h\x1b\[\?25h\x1b\[\?1049l|\x1b\[(?:1|22|31|32|33|39)m/g

function guarded(output: Output, colours: boolean): Output {
  const own = output.isTTY ? ofTerminals : colours ? ofLogsWithColours : ofLogs
  return {
    write: (text, done) => output.write(escaped(text, own), done),
    isTTY: output.isTTY,
    // It changes with the window.
    get columns() {
      return output.columns
    },
    get rows() {
      return output.rows
    },
  }
}

function escaped(text: string, own: RegExp): string {
  let shown = ''
  let end = 0
  for (const { 0: ours, index } of text.matchAll(own)) {
    shown += printable(text.slice(end, index)) + ours
    end = index + ours.length
  }
  return shown + printable(text.slice(end))
}

/**
 * Colours are for terminals only, and not for those who set NO_COLOR (no-color.org); FORCE_COLOR
 * decides where it is set, as it does in Node (tty.WriteStream.getColorDepth).
 */
function hasColours({ isTTY }: Output, { FORCE_COLOR, NO_COLOR, TERM }: NodeJS.ProcessEnv) {
  if (FORCE_COLOR !== undefined) return ['', '1', '2', '3', 'true'].includes(FORCE_COLOR)
  return isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

/** Colours text for this output, or leaves it as it is. */
export function createPaint(output: Output, env: NodeJS.ProcessEnv): Paint {
  if (!hasColours(output, env)) return (_, text) => printable(text)
  return (style, text) => {
    const [on, off] = codes[style]
    return `\x1b[${on}m${printable(text)}\x1b[${off}m`
  }
}

/** How many columns a table may fill: 80, or all of a terminal that is wider. */
export function widthOf({ isTTY, columns = 80 }: Output): number {
  return isTTY ? Math.max(80, columns) : 80
}
