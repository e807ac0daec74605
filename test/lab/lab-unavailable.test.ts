import t from 'tap'
import { explainRefusal } from '../../src/lab/lab-unavailable'

const denied = 'unshare: unshare failed: Operation not permitted\n'
const off = 'The NAT lab needs unprivileged user namespaces, which are switched off here: '

const cases = [
  {
    name: 'user namespaces are limited to none',
    files: { user: { max_user_namespaces: '0\n' } },
    root: false,
    stderr: denied,
    expected: `${off}switch them on with \`sysctl -w user.max_user_namespaces=15000\`, or run this as root.`,
  },
  {
    name: 'Debian’s switch is off',
    files: { user: { max_user_namespaces: '99\n' }, kernel: { unprivileged_userns_clone: '0\n' } },
    root: false,
    stderr: denied,
    expected: `${off}switch them on with \`sysctl -w kernel.unprivileged_userns_clone=1\`, or run this as root.`,
  },
  {
    name: 'AppArmor restricts them, as on Ubuntu 24.04',
    files: { kernel: { apparmor_restrict_unprivileged_userns: '1\n' } },
    root: false,
    stderr: 'mount: /run: permission denied.\n',
    expected: `${off}switch them on with \`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\`, or run this as root.`,
  },
  {
    name: 'root of a container',
    files: { user: { max_user_namespaces: '0\n' } },
    root: true,
    stderr: denied,
    expected:
      'The NAT lab cannot be built here (unshare: unshare failed: Operation not permitted): a container has to be started with `--privileged` for it.',
  },
  {
    name: 'a kernel without the modules',
    files: {},
    root: true,
    stderr: '\n/dev/stdin:4:5-14: Error: Could not process rule: No such file or directory\nmore\n',
    expected:
      'The NAT lab cannot be built here (/dev/stdin:4:5-14: Error: Could not process rule: No such file or directory): try `modprobe -a veth nf_tables nft_ct nft_masq nft_reject_ipv4 nf_conntrack` on the host, and in a container `--privileged`.',
  },
  {
    name: 'no word on stderr',
    files: {},
    root: true,
    stderr: '',
    expected:
      'The NAT lab cannot be built here (no reason was given): try `modprobe -a veth nf_tables nft_ct nft_masq nft_reject_ipv4 nf_conntrack` on the host, and in a container `--privileged`.',
  },
]

for (const { name, files, root, stderr, expected } of cases) {
  t.test(name, async (t) => {
    t.equal(explainRefusal(stderr, root, t.testdir(files)).message, expected)
  })
}
