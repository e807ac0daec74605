import { printable } from '../process/printable'
import type { Output } from '../terminal/terminal'
import { conclude } from './conclude'
import type { News } from './measure'
import type { Rung } from './rung'
import { age, outcomes } from './words'

/** Shows what is known so far: in one line of a terminal, or as lines of a log. */
export class Progress {
  readonly #output: Output
  readonly #rungs: Rung[] = []
  readonly #startedAt = performance.now()
  #control: Rung | null = null
  #longestMs = 0
  #width = 0
  #timer: NodeJS.Timeout | null = null

  constructor(output: Output) {
    this.#output = output
    if (output.isTTY) this.#timer = setInterval(() => this.#draw(), 1_000)
  }

  tell(news: News): void {
    if (news.kind === 'pass') {
      this.#longestMs = Math.max(...news.steps)
      const steps = news.steps.map(age).join(', ')
      this.#line(`pass ${news.pass}: silences of ${steps}`)
    } else {
      if (news.kind === 'control') this.#control = news.rung
      else this.#rungs.push(news.rung)
      const { rung } = news
      const which = news.kind === 'control' ? 'control, ' : ''
      this.#line(`${which}${age(rung.silentMs)}: ${outcomes[rung.outcome]}`)
    }
    this.#draw()
  }

  /** Takes the line away again. */
  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#clear()
  }

  #line(text: string): void {
    if (!this.#output.isTTY) this.#output.write(`${printable(text)}\n`)
  }

  #draw(): void {
    if (!this.#output.isTTY || this.#timer === null) return
    const passed = age(performance.now() - this.#startedAt)
    const columns = (this.#output.columns ?? 80) - 1
    const text = `${passed}; ${this.#known()}; the longest silence of this pass is ${age(this.#longestMs)}`
    const line = printable(text).slice(0, columns)
    this.#output.write(`\r${line.padEnd(this.#width)}`)
    this.#width = line.length
  }

  #known(): string {
    const evidence = { control: this.#control, rungs: this.#rungs, swallowedAfterMs: null }
    const known = conclude(evidence)
    const least =
      known.atLeastMs === null ? 'nothing remembered yet' : `${age(known.atLeastMs)} remembered`
    return known.kind === 'limit' ? `${least}, ${age(known.lessThanMs)} forgotten` : least
  }

  #clear(): void {
    if (!this.#output.isTTY) return
    this.#output.write(`\r${' '.repeat(this.#width)}`)
    this.#output.write('\r')
  }
}
