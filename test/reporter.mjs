import { Transform } from 'node:stream'
import { Parser } from 'tap-parser'

/** How much of the diagnostics of a failure is shown; the rest is in the file's own run. */
const MOST_LINES = 40

/** Comments that every run of tap is full of, as opposed to the tables that some tests print. */
const TAPS_OWN = /^# (Subtest: |time=|No coverage|\{ |failed |skip: |todo: |passed |No tests)/

/**
 * What the tests print: a line for each file, the failures below it, and at the end how many
 * assertions there were, what was skipped, and how to let that run. The whole of it, as TAP, is what
 * `npx tap --reporter=tap FILE` prints.
 */
export default class Reporter extends Transform {
  #parser = new Parser()
  #counts = { passed: 0, failed: 0, skipped: 0 }
  #skips = new Map()

  constructor() {
    super()
    this.#follow(this.#parser)
    this.#parser.on('complete', (results) => this.#conclude(results))
  }

  _transform(chunk, _encoding, done) {
    this.#parser.write(chunk)
    done()
  }

  _flush(done) {
    this.#parser.end()
    done()
  }

  #follow(parser) {
    let child
    let failedBefore = 0
    parser.on('child', (next) => {
      child = next
      failedBefore = this.#counts.failed
      this.#follow(next)
    })
    parser.on('comment', (text) => {
      if (!TAPS_OWN.test(text)) this.push(text)
    })
    parser.on('assert', (result) => {
      const closes = child !== undefined && child.name === result.name
      // What closes a test fails with it, or by itself: it took too long, or its process died.
      if (!closes || (!result.ok && this.#counts.failed === failedBefore))
        this.#take(parser, result)
      if (parser === this.#parser) this.#tellFile(result)
      child = undefined
    })
  }

  #take(parser, result) {
    const { ok, todo, skip, name, diag } = result
    if (skip) {
      this.#counts.skipped++
      const reason = typeof skip === 'string' ? skip : name
      this.#skips.set(reason, [...(this.#skips.get(reason) ?? []), parser.fullname])
    } else if (ok || todo) {
      this.#counts.passed++
    } else {
      this.#counts.failed++
      const path = [parser.fullname, name].filter((part) => part !== '').join(' > ')
      this.push(`  not ok: ${path}\n${diagnostics(diag)}`)
    }
  }

  #tellFile({ ok, name, time }) {
    const seconds = typeof time === 'number' ? ` (${(time / 1_000).toFixed(1)} s)` : ''
    this.push(`${ok ? 'ok    ' : 'NOT OK'} ${name}${seconds}\n`)
  }

  #conclude({ ok, bailout }) {
    if (bailout) this.push(`Bailed out: ${bailout}\n`)
    for (const [reason, places] of this.#skips) {
      this.push(`\nSkipped: ${reason}\n`)
      for (const place of new Set(places)) this.push(`  ${place}\n`)
    }
    if (this.#skips.size > 0) {
      this.push(
        '\nTo let it run, as far as Debian has what it needs: sudo scripts/install-test-tools.sh\n',
      )
    }
    const { passed, failed, skipped } = this.#counts
    this.push(`\n${ok ? 'All is well.' : 'Something failed; it stands above.'}\n`)
    this.push(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  }
}

function diagnostics(diag) {
  if (diag === null || diag === undefined) return ''
  const { diff, compare, found, wanted, at, source, ...rest } = diag
  const place = at?.fileName === undefined ? [] : [`at ${at.fileName}:${at.lineNumber}`]
  const shown = diff ? [String(diff)] : [JSON.stringify(rest, null, 2)]
  const lines = [...place, ...shown].join('\n').trimEnd().split('\n')
  const more = lines.length > MOST_LINES ? [`... ${lines.length - MOST_LINES} more lines`] : []
  return `${[...lines.slice(0, MOST_LINES), ...more].map((line) => `    ${line}\n`).join('')}`
}
