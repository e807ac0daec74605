import type { Output } from '../terminal/terminal'

/**
 * Shows how long it has been waiting in one line, which it removes at the end. On a terminal only:
 * in a log it would be noise.
 */
export async function withProgress<T>(
  output: Output,
  text: (seconds: number) => string,
  work: Promise<T>,
): Promise<T> {
  if (!output.isTTY) return work
  const startedAt = performance.now()
  let width = 0
  const show = (line: string): void => {
    output.write(`\r${line.padEnd(width)}`)
    width = line.length
  }
  const tick = (): void => show(text(Math.floor((performance.now() - startedAt) / 1000)))
  tick()
  const timer = setInterval(tick, 1000)
  try {
    return await work
  } finally {
    clearInterval(timer)
    show('')
    output.write('\r')
  }
}
