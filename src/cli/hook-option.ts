import { posix, win32 } from 'node:path'
import { pathToFileURL } from 'node:url'
import { requireOption } from '../doctor/checks/hook-entries'
import { parseNodeOptions, preloadsOf, quoteNodeOption } from '../doctor/checks/node-options'
import { satisfies } from '../doctor/checks/node-releases'

/** What starts another program that its arguments name. */
const runners = /^(node|npx|npm|pnpm|pnpx|yarn|bunx|exec|dlx|env|cross-env)(\.exe|\.cmd)?$/

/** Releases of Node that take --import in NODE_OPTIONS. */
const takesImport = '^18.18.0 || >=19.0.0'

/**
 * The option that brings the hook at `register` into `argv` and what it starts. That is `--require`,
 * but for Next.js where there is another: up to 16.3 it hands one option of each name to its workers
 * (vercel/next.js#96582), so there the hook comes by `--import`. Nobody else gets that, because with
 * it Node loads the program itself as an ES module is loaded, which an `app.ts` does not survive
 * that a preload such as ts-node/register was to make readable.
 */
export function hookOption(
  register: string,
  nodeOptions: string,
  argv: readonly string[],
  node = process.versions.node,
): string {
  const { preloads } = preloadsOf(parseNodeOptions(nodeOptions))
  const flags = preloads.map(({ flag }) => flag)
  const crowded = flags.includes('--require') && !flags.includes('--import')
  return crowded && isNext(argv) && satisfies(node, takesImport)
    ? `--import=${quoteNodeOption(pathToFileURL(register).href)}`
    : requireOption(register)
}

/** Whether the command is Next.js itself: `next build`, `npx next@15 dev`, `node .../bin/next start`. */
function isNext(argv: readonly string[]): boolean {
  const names = argv
    .filter((word) => !word.startsWith('-') && !/^\w+=/.test(word))
    .map((word) => win32.basename(posix.basename(word)))
  const command = names.find((name) => !runners.test(name))
  return command !== undefined && /^next(@.*|\.cmd)?$/.test(command)
}
