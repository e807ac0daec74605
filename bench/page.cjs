'use strict'
const { aimCells, countedOutcomes } = require('./aims-words.cjs')
const { digits } = require('./digits.cjs')
const { judgeAims } = require('./judge-aims.cjs')
const { parts } = require('./parts.cjs')
const { isDistinct, NO_DIFFERENCE } = require('./statistics.cjs')

/** What stands in the first table, by part: the measures that are robust. */
const IN_SHORT = {
  startup: /^CPU/,
  connect: /^CPU/,
  requests: /^CPU/,
  stream: /^CPU/,
  memory: /^heap/,
  churn: /^heap/,
  peaks: /^peak/,
  idle: /^CPU/,
}

const COVERED = 'coverage'

/** docs/performance.md, of the results alone. */
function page(results) {
  const sections = [
    introduction(results),
    ['## In short', summary(results), audit(results)].filter(Boolean).join('\n\n'),
    aimsSection(results),
    peers(results),
    ...Object.entries(results.parts).map(([name, part]) => section(name, part)),
    ways(results),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function introduction({ machine }) {
  const { takenAt, node, system, kernel, cpus, cpu, memoryGb, load } = machine
  return `# What it costs

\`npm run bench -- --write\` wrote this page on ${takenAt.slice(0, 10)}: Node ${node}, ${system}, Linux ${kernel},
${cpus} x ${cpu}, ${memoryGb} GB, load ${load} before it began. All figures are medians; every measurement takes turns
between the program alone, the program with the hook, and the same with the peers, so that they share
the machine's good and bad moments; servers have a core of their own. A ratio is the median of the ratios of the rounds, with their middle
half in brackets; where it lies closer to 1 than half the width of that, ${NO_DIFFERENCE}. The rest, with the spread of each figure, is in bench/results.json.`
}

/** Against the same program without the hook. */
function summary({ parts: results }) {
  const rows = Object.entries(IN_SHORT).flatMap(([name, measure]) =>
    (results[name]?.rows ?? [])
      .filter((row) => measure.test(row.measure))
      .map((row) => [
        `${row.what}: ${row.measure}`,
        figure(row.baseline, row.unit),
        figure(row.ours, row.unit),
        ratio(row.ours),
      ]),
  )
  return markdown(['', 'nothing', 'with the hook', 'ratio'], rows)
}

/** Against ss, for each number of connections. */
function audit({ parts: results }) {
  const rows = results.audit?.rows
  if (rows === undefined) return ''
  const sizes = [...new Set(rows.map(({ what }) => what))]
  const find = (what, measure) => rows.find((row) => row.what === what && row.measure === measure)
  const cells = sizes.map((what) => {
    const asked = find(what, 'CPU time of asking the kernel about all')
    const regular = find(what, 'CPU time of a regular look')
    const gap = find(what, 'longest gap of asking about all')
    return [
      what,
      figure(asked.baseline, asked.unit),
      figure(asked.ours, asked.unit),
      ratio(asked.ours),
      figure(regular.ours, regular.unit),
      figure(gap.ours, gap.unit),
    ]
  })
  const header = [
    'the auditor',
    'ss -tnop',
    'asking the kernel about all',
    'ratio',
    'a regular look, every 30 s',
    'longest gap of the event loop',
  ]
  return markdown(header, cells)
}

function aimsSection(results) {
  const judgements = judgeAims(results)
  return [
    '## Aims',
    'What the hook may cost at most, and what became of it: met or missed where the whole middle half ' +
      'lies on one side of the aim, not decided where it spans it. `npm run bench -- --check` exits ' +
      `with 1 where one is missed. ${countedOutcomes(judgements)}`,
    markdown(['', 'aim', 'it is', ''], judgements.map(aimCells)),
  ].join('\n\n')
}

function section(name, { rows, notMeasured }) {
  const { title, explains } = parts[name]
  const bases = [...new Set(rows.map(({ base }) => base))]
  const tables = bases.map((base) => measurements(rows.filter((row) => row.base === base)))
  const missing = notMeasured.map((one) => `Not measured: ${one}.`)
  return [`## ${title}`, explains, ...tables, ...missing].join('\n\n')
}

function measurements(rows) {
  const names = [...new Set(rows.flatMap(({ peers }) => Object.keys(peers)))]
  const header = ['', rows[0].base, 'with the hook', 'ratio', ...names.map(named)]
  return markdown(
    header,
    rows.map(({ what, measure, unit, rounds, baseline, ours, peers }) => [
      `${what}: ${measure}${rounds > 1 ? `, ${rounds} rounds` : ''}`,
      figure(baseline, unit),
      figure(ours, unit),
      ratio(ours),
      ...names.map((name) =>
        peers[name] ? `${figure(peers[name], unit)}, ${ratio(peers[name])}` : '',
      ),
    ]),
  )
}

/** What each peer covers, costs and cannot do. */
function peers({ contenders, parts: results }) {
  const cpuOf = (part, what) =>
    results[part]?.rows.find((row) => row.what.startsWith(what) && row.measure === 'CPU time')
  const start = cpuOf('startup', 'a program that uses https')
  const connect = cpuOf('connect', 'a plain connection')
  const costs = (row, name) => {
    const one = name === 'ours' ? row?.ours : row?.peers[name]
    return one === undefined ? '' : ratio(one)
  }
  const [covered, ...outliving] = results[COVERED]?.rows ?? []
  const covers = (row, name) => {
    const one = { nothing: row?.baseline, ours: row?.ours, ...row?.peers }[name]
    return one === undefined ? '' : `${one.median} ${row.what.replace(' to connect', '')}`
  }
  const rows = Object.entries(contenders).map(([name, { cannot }]) => [
    named(name),
    covers(covered, name),
    ...outliving.map((row) => covers(row, name)),
    costs(start, name),
    costs(connect, name),
    cannot,
  ])
  const header = [
    '',
    'protects',
    ...outliving.map(({ measure }) => measure),
    'start of an https program, CPU',
    'plain connect, CPU',
    'what it cannot do',
  ]
  const settings = Object.entries(contenders)
    .filter(([name]) => name !== 'nothing')
    .map(
      ([name, { version, settings }]) =>
        `- ${[named(name), version].filter(Boolean).join(' ')}: ${settings}.`,
    )
  return [
    '## Against what people would use instead',
    'Costs are ratios to the same program without anything. Each is set up as well as it can be:',
    settings.join('\n'),
    markdown(header, rows),
  ].join('\n\n')
}

/** Every way to connect, and who protects it. */
function ways({ parts: results }) {
  const all = results[COVERED]?.ways
  if (all === undefined) return ''
  const names = Object.keys(Object.values(all)[0])
  const rows = Object.entries(all).map(([way, holes]) => [
    way,
    ...names.map((name) => holes[name] ?? 'yes'),
  ])
  return [
    '## Way by way',
    'Where a way is not protected, this is what the kernel had, and at which moment.',
    markdown(['', ...names.map(named)], rows),
  ].join('\n\n')
}

function markdown(header, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

/** The hook by the name that users know it by. */
function named(name) {
  return name.replace(/^ours/, 'nat-keepalive')
}

function figure({ median }, unit) {
  return `${digits(median)} ${unit}`
}

function ratio({ ratio }) {
  if (ratio === undefined) return '-'
  const { median, quartiles } = ratio
  const found = isDistinct(ratio) ? digits(median) : NO_DIFFERENCE
  return `${found} (${quartiles.map(digits).join(' to ')})`
}

module.exports = { page }
