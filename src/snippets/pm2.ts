import { comment, coverage, merge } from './comment'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** An ecosystem file of pm2. */
export function renderPm2(values: Values): Snippet {
  const { values: numbers, hook, not } = coverage(values)
  const notes = [
    'ecosystem.config.cjs; then: pm2 start ecosystem.config.cjs --update-env',
    numbers,
    `${hook} It has to be at ${hookFolder}. In both modes of pm2, fork and cluster, the variables are for the programs and not for pm2 itself.`,
    'The sysctls of the host are not set here: `nat-keepalive snippet sysctl` prints them.',
    not,
    merge,
  ]
  const lines = [
    'module.exports = {',
    '  apps: [',
    '    {',
    "      name: 'your-app',",
    "      script: 'server.js',",
    '      env: {',
    ...values.environment.map(([name, value]) => `        ${name}: ${JSON.stringify(value)},`),
    '      },',
    '    },',
    '  ],',
    '}',
  ]
  return { text: `${comment(notes, 1).replace(/^ #/gm, '//')}${lines.join('\n')}\n`, talk: '' }
}
