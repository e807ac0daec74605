/** Pairs as a list in YAML, as Kubernetes has environment variables and sysctls, indented `by` blanks. */
export function nameAndValue(
  pairs: readonly (readonly [name: string, value: string])[],
  by: number,
): string[] {
  const indent = ' '.repeat(by)
  return pairs.flatMap(([name, value]) => [
    `${indent}- name: ${name}`,
    `${indent}  value: ${JSON.stringify(value)}`,
  ])
}
