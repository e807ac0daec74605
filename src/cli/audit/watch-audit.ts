import { setTimeout as sleep } from 'node:timers/promises'
import type { NativePart } from '../../kernel/native'
import type { Reading } from '../../kernel/proc-fs'
import { auditDocument } from '../../outside/audit-document'
import type { MachineAudit } from '../../outside/outside-auditor'
import { catchInterruption } from '../../terminal/interruption'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { hasScreen, Screen } from '../../terminal/screen'
import { type Output, type Terminal, widthOf } from '../../terminal/terminal'
import { Changes } from './changes'
import { renderAudit } from './render-audit'
import { renderFrame } from './render-frame'

/** Why there is no audit: a sentence, and the exit code. */
export interface NoAudit {
  readonly sentence: string
  readonly code: number
}

export interface Watch {
  readonly take: () => Promise<MachineAudit | NoAudit>
  readonly limitMs: number
  readonly native: Reading<NativePart>
  readonly each: boolean
  readonly json: boolean
}

const WATCH_MS = 1_000

/**
 * Looks every second, until a signal comes, nobody reads on, or there is nothing left to look at: on
 * the other screen of a terminal, elsewhere one look below the other. The exit code.
 */
export async function watchAudit(
  watch: Watch,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { take, json, each } = watch
  const { stdout, stderr } = terminal
  const changes = new Changes(each)
  const interruption = catchInterruption()
  const { signal } = interruption
  let screen: Screen | null = null
  let end: NoAudit | null = null
  try {
    while (!signal.aborted) {
      const audit = await take()
      if ('sentence' in audit) {
        end = audit
        break
      }
      changes.see(audit, performance.now())
      // Not before there is something to be shown.
      if (screen === null && !json && hasScreen(stdout, env)) screen = new Screen(stdout)
      const written = screen
        ? screen.show(drawer(audit, watch, terminal, changes))
        : write(stdout, plainText(audit, watch, terminal))
      const error = await either(written, signal)
      // Where nobody reads on a signal is about to come (bin.ts), and has to be waited for.
      await sleep(WATCH_MS, undefined, { signal }).catch(() => {})
      if (error !== null) break
    }
  } finally {
    screen?.close()
    interruption.release()
  }
  if (end === null) return interruption.code ?? 0
  say(stderr, end.sentence)
  return end.code
}

function drawer(
  audit: MachineAudit,
  { limitMs, each }: Watch,
  { paint }: Terminal,
  changes: Changes,
) {
  const time = timeOfDay()
  const isMarked: Changes['isMarked'] = (pid, group) => changes.isMarked(pid, group)
  return (size: { readonly columns: number; readonly rows: number }) =>
    renderFrame(audit, limitMs, { paint, each, size, time, isMarked })
}

function plainText(audit: MachineAudit, watch: Watch, { stdout, paint }: Terminal): string {
  const { json, limitMs, native, each } = watch
  if (json) return renderJson(auditDocument(audit, limitMs, native), 0)
  const text = renderAudit(audit, limitMs, { paint, width: widthOf(stdout), each })
  return `${paint('bold', timeOfDay())}\n${text}`
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8)
}

function write(output: Output, text: string): Promise<Error | null> {
  return new Promise((resolve) => output.write(text, (error) => resolve(error ?? null)))
}

/** Whoever reads slowly must not keep a signal from being obeyed. */
function either(written: Promise<Error | null>, signal: AbortSignal): Promise<Error | null> {
  return new Promise((resolve) => {
    const aborted = () => resolve(null)
    signal.addEventListener('abort', aborted, { once: true })
    written.then((error) => {
      signal.removeEventListener('abort', aborted)
      resolve(error)
    })
  })
}
