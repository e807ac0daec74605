import { comment, coverage, inImage, merge } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A service of a compose file. */
export function renderCompose(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const notes = [
    numbers,
    hook,
    `${sysctls} They need a network of the container's own, so not network_mode: host.`,
    not,
    `${inImage} ${merge}`,
  ]
  const lines = [
    'services:',
    '  your-service:',
    '    image: your-image',
    '    sysctls:',
    ...values.sysctls.map(([name, value]) => `      ${name}: ${value}`),
    '    environment:',
    // Compose replaces $NAME, and reads $$ as a dollar.
    ...values.environment.map(
      ([name, value]) => `      ${name}: ${JSON.stringify(value.replaceAll('$', '$$$$'))}`,
    ),
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
