import { readFileSync } from 'node:fs'

/** Thrown where a lab cannot be built; the message is one sentence that says what would help. */
export class LabUnavailable extends Error {
  override name = 'LabUnavailable'
}

const switches = [
  { file: 'user/max_user_namespaces', closed: '0', open: 'user.max_user_namespaces=15000' },
  {
    file: 'kernel/unprivileged_userns_clone',
    closed: '0',
    open: 'kernel.unprivileged_userns_clone=1',
  },
  {
    file: 'kernel/apparmor_restrict_unprivileged_userns',
    closed: '1',
    open: 'kernel.apparmor_restrict_unprivileged_userns=0',
  },
]

/** Turns what the tools wrote on stderr into the sentence of a LabUnavailable. */
export function explainRefusal(
  stderr: string,
  root: boolean,
  procSys = '/proc/sys',
): LabUnavailable {
  if (!root) {
    for (const { file, closed, open } of switches) {
      if (readOrNull(`${procSys}/${file}`) === closed) {
        return new LabUnavailable(
          `The NAT lab needs unprivileged user namespaces, which are switched off here: switch them on with \`sysctl -w ${open}\`, or run this as root.`,
        )
      }
    }
  }
  const lines = stderr.trim().split('\n')
  const said = lines.find((line) => /fail|denied|not permitted|error/i.test(line)) ?? lines[0]
  const remedy = /^unshare:/m.test(stderr)
    ? 'a container has to be started with `--privileged` for it'
    : 'try `modprobe -a veth nf_tables nft_ct nft_masq nft_reject_ipv4 nf_conntrack` on the host, and in a container `--privileged`'
  return new LabUnavailable(
    `The NAT lab cannot be built here (${said || 'no reason was given'}): ${remedy}.`,
  )
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
