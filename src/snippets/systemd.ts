import { comment, coverage, merge } from './comment'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** A drop-in for the unit of a service. */
export function renderSystemd(values: Values): Snippet {
  const { values: numbers, hook, not } = coverage(values)
  const notes = [
    '/etc/systemd/system/your.service.d/nat-keepalive.conf',
    numbers,
    `${hook} It has to be at ${hookFolder}, readable for the user of the service; out of an image that has it: docker cp $(docker create IMAGE):${hookFolder} /opt/`,
    'The sysctls of a host hold for all of it and not for one unit, so they are not here: `nat-keepalive snippet sysctl` prints them.',
    not,
    `Then: systemctl daemon-reload, and restart the service. ${merge}`,
  ]
  // systemd.exec(5): specifiers begin with %, and C escapes hold inside of quotes.
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`
  const lines = values.environment.map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
  )
  return { text: `${comment(notes)}[Service]\n${lines.join('\n')}\n`, talk: '' }
}
