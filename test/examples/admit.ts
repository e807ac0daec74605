import type { Evaluate } from './cel'

// biome-ignore lint/suspicious/noExplicitAny: what a pod holds is checked by its schema
export type Json = any

/** What MutatingAdmissionPolicy and Kyverno's MutatingPolicy have in common. */
export interface Policy {
  readonly spec: {
    readonly matchConditions: readonly { name: string; expression: string }[]
    readonly variables: readonly { name: string; expression: string }[]
    readonly mutations: readonly {
      readonly patchType: 'JSONPatch' | 'ApplyConfiguration'
      readonly jsonPatch?: { expression: string }
      readonly applyConfiguration?: { expression: string }
    }[]
  }
}

/**
 * The pod as the policy leaves it. Its mutations follow one another, as in the API server; the
 * selectors are not looked at.
 */
export function admit(policy: Policy, pod: Json, evaluate: Evaluate): Json {
  const { matchConditions, variables, mutations } = policy.spec
  if (!matchConditions.every(({ expression }) => evaluate(expression, { object: pod }))) return pod
  let object = structuredClone(pod)
  for (const { jsonPatch, applyConfiguration } of mutations) {
    const values: Record<string, unknown> = {}
    const ask = (expression: string) => evaluate(expression, { object, variables: values })
    for (const { name, expression } of variables) values[name] = ask(expression)
    if (jsonPatch) for (const patch of ask(jsonPatch.expression) as Json[]) add(object, patch)
    if (applyConfiguration) {
      object = merge(object, untyped(ask(applyConfiguration.expression), 'Object'), '')
    }
  }
  return object
}

function add(object: Json, { '@type': type, op, path, value }: Json): void {
  if (type !== 'JSONPatch' || op !== 'add') throw new Error(`${type} ${op} is not expected`)
  const steps = path.split('/').slice(1) as string[]
  const names = steps.filter((step) => !/^(-|\d+)$/.test(step))
  const plain = untyped(value, ['Object', ...names].join('.'))
  const last = steps.pop() as string
  const parent = steps.reduce((at, step) => at[step], object)
  if (last === '-') parent.push(plain)
  else parent[last] = plain
}

/** A message without its `@type`, which has to be the place where it stands. */
function untyped(value: Json, expected: string): Json {
  if (Array.isArray(value)) return value.map((each) => untyped(each, expected))
  if (typeof value !== 'object' || value === null) return value
  const { '@type': type, ...fields } = value
  if (type !== undefined && type !== expected) throw new Error(`${type} stands at ${expected}`)
  return Object.fromEntries(
    Object.entries(fields).map(([key, each]) => [key, untyped(each, `${expected}.${key}`)]),
  )
}

/** The lists of a pod that are merged, with the member that identifies an element (core/v1). */
const listKeys: Record<string, string> = {
  containers: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
}

function merge(live: Json, patch: Json, path: string): Json {
  if (Array.isArray(patch)) {
    const key = listKeys[path.split('.').at(-1) as string]
    if (key === undefined) throw new Error(`may not mutate atomic arrays, maps or structs: ${path}`)
    const merged = [...(live ?? [])]
    for (const each of patch) {
      const at = merged.findIndex((other) => other[key] === each[key])
      if (at === -1) merged.push(each)
      else merged[at] = merge(merged[at], each, path)
    }
    return merged
  }
  if (typeof patch !== 'object' || patch === null) return patch
  const merged = { ...live }
  for (const [name, each] of Object.entries(patch)) {
    merged[name] = merge(merged[name], each, `${path}.${name}`)
  }
  return merged
}
