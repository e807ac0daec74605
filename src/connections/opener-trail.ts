import { type CodeFile, codeFile, EVAL, MAX_KNOWN_LENGTH, WASM } from './opener-file'
import { type Position, sourceOf } from './opener-source'
import type { Frame } from './opener-stack'

/** What a stack comes down to, innermost first: packages, and where the program called them. */
export interface Trail {
  readonly steps: readonly (CodeFile | Position)[]
  /** Whether the program stands in it at all. */
  readonly found: boolean
}

/** Follows a stack to the program's `mostPlaces`th call, or its end. Pure. */
export function trailOf(frames: readonly Frame[], mostPlaces: number): Trail {
  const steps: (CodeFile | Position)[] = []
  let nowhere: CodeFile | undefined
  let places = 0
  for (const frame of frames) {
    const name = frame.getFileName() || frame.getScriptNameOrSourceURL()
    if (!name) {
      // Neither has what is written in C++.
      if (frame.isEval()) nowhere ??= EVAL
    } else if (name.startsWith('wasm:')) nowhere ??= WASM
    else if (!name.startsWith('node:')) {
      const file = codeFile(name)
      if (file.package === null) {
        steps.push(file.lines ? positionOf(frame, name, file) : file)
        if (++places === mostPlaces) break
      } else {
        const last = steps.at(-1)
        if (last === undefined || !isPackage(last)) steps.push(file)
        else steps[steps.length - 1] = nearer(last, file)
      }
    }
  }
  if (steps.length === 0 && nowhere !== undefined) steps.push(nowhere)
  return { steps, found: places > 0 }
}

function positionOf(frame: Frame, name: string, { path }: CodeFile): Position {
  return {
    // Of code that is called anything, at any length, no more than can be told.
    file: name.length > MAX_KNOWN_LENGTH ? path : name,
    line: frame.getLineNumber(),
    column: frame.getColumnNumber(),
  }
}

function isPackage(step: CodeFile | Position): step is CodeFile {
  return 'package' in step && step.package !== null
}

/** Of two packages on the way to the program the one that it called. */
function nearer(inner: CodeFile | undefined, outer: CodeFile): CodeFile {
  return inner === undefined || !outer.instrumentation ? outer : inner
}

/** What one trail has in common with others that lead to the same place. Pure. */
export function keyOf({ steps }: Trail): string {
  return steps
    .map((step) =>
      'package' in step ? (step.package ?? step.path) : `${step.file}:${step.line}:${step.column}`,
    )
    .join('\n')
}

/** Where a trail ends. Asks source maps, and looks into files: for what is told. */
export function endOf({ steps }: Trail): { place: string | null; package: string | null } {
  let nearest: CodeFile | undefined
  for (const step of steps) {
    const { file, line } = 'package' in step ? { file: step, line: null } : written(step)
    if (file.package !== null) {
      nearest = nearer(nearest, file)
      continue
    }
    const place = line === null || !file.lines ? file.path : `${file.path}:${line}`
    // What watches a program's own call did not open anything.
    return { place, package: nearest?.instrumentation ? null : (nearest?.package ?? null) }
  }
  return { place: null, package: nearest?.package ?? null }
}

function written(position: Position): { file: CodeFile; line: number | null } {
  const { file, line } = sourceOf(position)
  return { file: codeFile(file), line }
}
