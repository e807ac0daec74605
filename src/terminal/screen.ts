import { HOME, type Output, SCREEN_OFF, SCREEN_ON } from './terminal'

/** How many columns and rows there are to be filled. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Text for a screen of this size: no line longer, and no more of them, without a new line at the end. */
export type Draw = (size: Size) => string

/** Whether the other screen of a terminal can be had. */
export function hasScreen({ isTTY }: Output, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && env.TERM !== 'dumb'
}

/**
 * The other screen of a terminal, which is left as `less` and `top` leave it: what was there before is
 * there again. Drawn anew when the window changes, and when the program goes on after a Ctrl-Z.
 */
export class Screen {
  readonly #output: Output
  #draw: Draw | null = null
  readonly #redraw = () => this.#show()
  readonly #stop = () => {
    this.#output.write(SCREEN_OFF)
    process.kill(process.pid, 'SIGSTOP')
    this.#output.write(SCREEN_ON)
    this.#show()
  }

  constructor(output: Output) {
    this.#output = output
    output.write(SCREEN_ON)
    // Node's own listener comes before it, and has asked for the new size by then.
    process.on('SIGWINCH', this.#redraw).on('SIGTSTP', this.#stop)
  }

  /** Shows this from now on; what comes of writing it. */
  show(draw: Draw): Promise<Error | null> {
    this.#draw = draw
    return new Promise((resolve) => this.#show((error) => resolve(error ?? null)))
  }

  close(): void {
    process.off('SIGWINCH', this.#redraw).off('SIGTSTP', this.#stop)
    this.#output.write(SCREEN_OFF)
  }

  #show(done?: (error?: Error | null) => void): void {
    const { columns, rows } = this.#output
    // A terminal that was told no size says 0.
    const text = this.#draw?.({ columns: columns || 80, rows: rows || 24 }) ?? ''
    this.#output.write(`${HOME}${text}`, done)
  }
}
