import type { Packages } from './packages'

/** Evaluates a CEL expression with these variables; messages are objects with an `@type`. */
export type Evaluate = (expression: string, variables: object) => unknown

/**
 * The CEL of admission policies, less what needs an API server: nothing has a declared type, and
 * what Kubernetes adds to CEL is there only as far as the package has it too.
 */
export async function createEvaluate(packages: Packages): Promise<Evaluate> {
  const { Environment } = await packages.import('@marcbachmann/cel-js/lib/index.js')
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  })
  return (expression, variables) =>
    plain(environment.evaluate(messagesAsMaps(expression), variables))
}

const token =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b(?:Object|JSONPatch)(?:\.\w+)*\s*\{|\w+|\s+|[\s\S]/g

/** The package cannot construct messages: `Object.spec{name: x}` becomes a map with an `@type`. */
export function messagesAsMaps(expression: string): string {
  const open: string[] = []
  let before = ''
  const parts = (expression.match(token) ?? []).map((part) => {
    if (/^\s/.test(part)) return part
    const message = /^((?:Object|JSONPatch)[\w.]*)\s*\{$/.exec(part)?.[1]
    const isField = open.at(-1) === 'message' && /^(message|,)$/.test(before) && /^\w+$/.test(part)
    before = message === undefined ? part : 'message'
    if (message !== undefined) open.push('message')
    else if (/^[[({]$/.test(part)) open.push(part)
    else if (/^[\])}]$/.test(part)) open.pop()
    if (message !== undefined) return `{"@type": "${message}", `
    return isField ? JSON.stringify(part) : part
  })
  return parts.join('').replace(/("@type": "[\w.]+"),\s*\}/g, '$1}')
}

/** CEL's integers are BigInts. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return plain(Object.fromEntries(value))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
