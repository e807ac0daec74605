import { quoteShell } from '../doctor/checks/shell-line'
import { comment, coverage, inImage, merge } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A command line for docker run. */
export function renderDocker(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const flags = [
    ...values.sysctls.map(([name, value]) => `--sysctl ${name}=${value}`),
    ...values.environment.map(([name, value]) => `-e ${quoteShell(`${name}=${value}`)}`),
  ]
  const notes = [
    numbers,
    hook,
    `${sysctls} They belong to the container's network, so --network host and --network container: refuse them.`,
    not,
    `${inImage} ${merge}`,
  ]
  const command = ['docker run', ...flags.map((flag) => `  ${flag}`), '  your-image'].join(' \\\n')
  return { text: `${comment(notes)}${command}\n`, talk: '' }
}
