import type { InstalledHook } from '../../rescue/install-hook'
import { wrapText } from '../../terminal/wrap-text'
import type { InstallOutcome } from './rescue-one'

/** What came of `--install`, or would come of it, in sentences. Pure. */
export function renderInstall(install: InstallOutcome): string {
  switch (install.outcome) {
    case 'installed':
      return renderInstalled(install.installed)
    case 'possible':
      return wrapText('The hook could be installed: SIGUSR1 opens its inspector.')
    case 'refused':
      return wrapText(
        `The hook was not installed: ${install.refused.why}. Next: ${install.refused.action}`,
      )
    case 'failed':
      return wrapText(`The hook was not installed. ${install.why}`)
  }
}

/** What it did to a process, in sentences. Pure. */
function renderInstalled(installed: InstalledHook): string {
  const { version, before, open, signalledAt, port, closed } = installed
  const how =
    signalledAt === null
      ? `through its inspector, which was open on 127.0.0.1:${port} already`
      : `through its inspector, which SIGUSR1 opened at ${signalledAt} on 127.0.0.1:${port}, and which is ${closed ? 'closed again' : 'STILL OPEN: end it by restarting the program'}`
  const what = before
    ? `The hook ${version} was in it already, and nothing was installed`
    : `The hook ${version} is in it now, with ${open === 1 ? 'the connection' : `the ${open} connections`} of JavaScript that it had open, and with all that it opens from now on`
  return wrapText(`${what}; ${how}.`)
}
