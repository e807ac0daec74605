import { join } from 'node:path'
import ts from 'typescript'

/** A value that should be of a type: the name of the type, and the module that exports it. */
export interface Claim {
  readonly type: string
  readonly from: string
  readonly value: unknown
}

/**
 * What TypeScript has against these claims, where `packages` is the node_modules that holds the
 * modules. Literals are checked for members that the type does not have, which the JSON schemas of
 * Kubernetes allow.
 */
export function typeErrors(packages: string, claims: readonly Claim[]): string[] {
  const file = join(packages, '..', 'claims.mts')
  const text = claims
    .map(({ type, from, value }, index) => {
      const literal = JSON.stringify(value, null, 1)
      return `import type { ${type} as T${index} } from '${from}'\nexport const v${index}: T${index} = ${literal}\n`
    })
    .join('')
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => name === file || fileExists(name)
  host.readFile = (name) => (name === file ? text : readFile(name))
  host.getSourceFile = (name, version, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, version)
      : getSourceFile.call(host, name, version, ...rest)
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
