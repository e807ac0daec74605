import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

/** So many decisions may be in a file that no test is named for. */
const FEW = 3

/**
 * Files with logic that are tested elsewhere, and where: what only a whole process or a real NAT
 * shows, and what a test of its door tests better. A folder stands for all that is in it.
 */
const elsewhere: Readonly<Record<string, string>> = {
  'cli/audit/': 'test/unit/cli/commands/audit.test.ts',
  'cli/commands/completion': 'test/unit/cli/cli.test.ts',
  'cli/commands/demo': 'test/lab/demo.test.ts',
  'cli/commands/exporter': 'test/process/exporter.test.ts',
  'cli/commands/lab': 'test/lab/command.test.ts',
  'cli/path-settings': 'test/unit/cli/commands/audit.test.ts',
  'cli/rescue/': 'test/unit/cli/commands/rescue.test.ts',
  'connections/http2-streams': 'test/unit/connections/waiting-request.test.ts',
  'connections/peer-close': 'test/unit/connections/registry.test.ts',
  'doctor/checks/connections': 'test/unit/doctor/doctor.test.ts',
  'doctor/checks/is-covered': 'test/unit/doctor/checks/kernel.test.ts',
  'findings/': 'test/unit/findings/findings.test.ts',
  'hook/counters': 'test/process/counters.test.ts',
  'hook/leaving-root': 'test/process/surroundings.test.ts',
  'hook/otel-metrics': 'test/process/metrics.test.ts',
  'hook/preloaded': 'test/process/startup.test.ts',
  'hook/startup': 'test/process/startup.test.ts',
  'terminal/screen': 'test/process/watch.test.ts',
  'hook/upkeep': 'test/unit/hook/hook.test.ts',
  'kernel/process-memory': 'test/process/rescue-install.test.ts',
  'lab/': 'test/lab/lab.test.ts',
  'measure/': 'test/lab/measure.test.ts',
  'metrics/prom-client': 'test/process/metrics.test.ts',
  'outside/': 'test/unit/cli/commands/audit.test.ts',
  'report/build-report': 'test/unit/report/report.test.ts',
  'rescue/': 'test/process/rescue-install.test.ts',
  'settings/derive': 'test/unit/settings/config.test.ts',
  'settings/setting-kinds': 'test/unit/settings/settings.test.ts',
  'settings/unkept': 'test/unit/settings/config.test.ts',
  'watch/death-teller': 'test/unit/watch/auditor.test.ts',
  'watch/native-auditor': 'test/unit/watch/auditor.test.ts',
  'watch/pool-keeper': 'test/process/pool.test.ts',
  bin: 'test/unit/cli/cli.test.ts',
  index: 'test/process/install.test.ts',
  register: 'test/process/startup.test.ts',
}

function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true }) as string[]
  return all.filter((name) => statSync(join(folder, name)).isFile())
}

const source = join(root, 'src')
const names = filesIn(source).map((file) => file.replace(/\.ts$/, ''))
const hasTest = (name: string) => existsSync(join(root, 'test/unit', `${name}.test.ts`))
const exceptionOf = (name: string) =>
  Object.keys(elsewhere).find((one) => (one.endsWith('/') ? name.startsWith(one) : name === one))

/** How often a text decides something, or does it several times. */
function decisionsIn(text: string): number {
  const code = text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replace(/`[^`]*`|'[^'\n]*'/g, "''")
  return code.match(/\b(?:if|for|while|switch) \(|(?<= )\? |\?\?|&&|\|\|/g)?.length ?? 0
}

const withLogic = names.filter(
  (name) => decisionsIn(readFileSync(join(source, `${name}.ts`), 'utf8')) > FEW,
)

t.test('decisions are counted in code, and not in what is said', (t) => {
  const table: readonly [text: string, count: number][] = [
    ["if (a) b()\nelse if (c) d('if (e) f')", 2],
    ['const a = b ? c : d ?? e', 2],
    ['for (const a of b) while (c && d) e()', 3],
    ['// if (a)\n/** if (a) */\nconst a = `if (b) c`', 0],
    ['interface A { b?: string }', 0],
  ]
  for (const [text, count] of table) t.equal(decisionsIn(text), count, text)
  t.end()
})

t.test('each source file with logic has a test file of its name', (t) => {
  t.ok(withLogic.length > 100, `${withLogic.length} have logic`)
  for (const name of withLogic) {
    if (exceptionOf(name) === undefined) t.ok(hasTest(name), `test/unit/${name}.test.ts`)
  }
  t.end()
})

t.test('the exceptions are needed, and are tested where it says', (t) => {
  const needed = new Set(withLogic.filter((name) => !hasTest(name)).map(exceptionOf))
  for (const [name, test] of Object.entries(elsewhere)) {
    t.ok(needed.has(name), `${name} needs its exception`)
    t.ok(existsSync(join(root, test)), test)
  }
  t.end()
})

t.test('each unit test is named for a source file, or for several that are said here', (t) => {
  const several = [
    'connections/descriptors',
    'findings/findings',
    'kernel/environment',
    'outside/process-age',
    'terminal/text',
  ]
  const tests = filesIn(join(root, 'test/unit')).filter((file) => file.endsWith('.test.ts'))
  for (const file of tests) {
    const name = file.replace(/\.test\.ts$/, '')
    t.ok(names.includes(name) || several.includes(name), `src/${name}.ts`)
  }
  t.end()
})
