'use strict'

// Writes docs/limits.md from the table of middleboxes, which `npm run build` has compiled. A test
// compares the two: run `node scripts/limits-page.cjs` after a change of the table.

const { writeFileSync } = require('node:fs')
const { join } = require('node:path')

const INTRODUCTION = `# Idle limits of what stands on the path

After how much idleness a NAT gateway, load balancer or firewall forgets a TCP connection, what happens to it
then, and whether keepalive probes prevent it. Each row has its source and the month in which it was read
there. The same as data: \`nat-keepalive profiles --json\`, or the file \`nat-keepalive/profiles.json\` of the
package. To find the limit of a path of your own: \`nat-keepalive measure HOST:PORT\`.

- **Limit**: the default, and in brackets what it can be set to. A "?" marks a number that stands in no
  documentation of the vendor and in no source code, only in a report.
- **Then**: what happens to a connection at the limit. A "?" marks what is not documented by the vendor.
- **Probes**: \`count\`: each keepalive probe resets the clock. \`ignored\`: it is answered, and resets nothing.
  \`unanswered\`: it is not even answered for long, so that keepalive itself ends the connection.

This page is written by \`scripts/limits-page.cjs\` from \`src/settings/middleboxes/\`. What is missing or
wrong there is welcome with a source.
`

/** @param {readonly import('../src/settings/profile').Profile[]} profiles */
function render(profiles) {
  /** @param {typeof profiles} among */
  const table = (among) => [HEAD, ...among.map(rowOf)].join('\n')
  const counts = profiles.filter(({ probes }) => probes === 'count')
  const others = profiles.filter(({ probes }) => probes !== 'count')
  return [
    INTRODUCTION,
    `## Where probes count\n\n${table(counts)}\n`,
    '## Where they do not\n\nOnly data of the application keeps a connection alive here.\n\n' +
      `${table(others)}\n`,
  ].join('\n')
}

const HEAD = '| id | what it is | limit | then | probes | source |\n|---|---|---|---|---|---|'

/** @param {import('../src/settings/profile').Profile} profile */
function rowOf(profile) {
  const { id, name, layer, limitSeconds, verified, configurable } = profile
  const { behaviour, behaviourVerified, probes, source, url, checkedOn } = profile
  const settable = configurable === null ? '' : ` (${configurable})`
  const cells = [
    `\`${id}\``,
    `${name}${layer === 7 ? ', layer 7' : ''}`,
    `**${limitSeconds} s**${verified ? '' : '?'}${settable}`,
    `${behaviour}${behaviourVerified ? '' : ' ?'}`,
    probes,
    `[${source}](${url}), ${checkedOn}`,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

module.exports = { render }

if (require.main === module) {
  const { profiles } = require('../dist/settings/profiles.js')
  writeFileSync(join(__dirname, '../docs/limits.md'), render(profiles))
}
