import t from 'tap'
import { times } from '../../../src/demo/nat'
import {
  conclude,
  introduceLoopback,
  introduceNat,
  renderGateway,
  renderLoopback,
  renderNoNat,
} from '../../../src/demo/text'
import { findProfile } from '../../../src/settings/profiles'
import { createPaint } from '../../../src/terminal/terminal'
import { gateway, hidden, kept, lost, off, on } from './samples'

const plain = createPaint({ write() {} }, {})

t.test('the text, from fixed data', async (t) => {
  const text = [
    introduceLoopback(plain),
    renderLoopback({ without: off, with: on }, plain),
    introduceNat(times, plain),
    renderGateway(gateway, plain),
    renderGateway(
      {
        expiry: 'drop',
        without: { ...lost, client: { outcome: 'error', ms: 5000, code: 'ECONNRESET' } },
        with: { ...kept, answeredMs: null, kernel: hidden, why: 'it is hidden' },
      },
      plain,
    ),
    conclude(true),
  ].join('')
  t.equal(
    text,
    `Part 1: what the kernel does while an https request waits
Two programs on this machine each wait for an answer. The kernel says whether it
will send keepalive probes meanwhile; without them, nothing passes on the
connection, and a NAT forgets it.

                 without nat-keepalive   with nat-keepalive
  started as     node app.js             node -r nat-keepalive/register app.js
  keepalive      off                     on, first probe in 45 s
  /proc/net/tcp  tr 00:00000000          tr 02:0000118D

Part 2: an answer that takes longer than the NAT remembers
A service answers after 11 s, its clients wait for up to 16 s, and the NAT
between them forgets a connection that is idle for 5 s. This is a real NAT, of
the Linux kernel. Those of the clouds forget later: AWS after 350 s, Azure after
240 s.

A NAT that resets what it has forgotten, as the AWS NAT Gateway does:
                 without nat-keepalive   with nat-keepalive
  keepalive      off                     on, first probe in 1 s
  the NAT        forgot it by 5.4 s      knew it to the end
  the service    answered at 11.0 s      answered at 11.0 s
  the client     no answer by 16.0 s     got its answer at 11.0 s

A NAT that drops what it has forgotten, as many firewalls do:
                 without nat-keepalive   with nat-keepalive
  keepalive      off                     not known
  the NAT        forgot it by 5.4 s      not known
  the service    answered at 11.0 s      did not answer
  the client     ECONNRESET at 5.0 s     got its answer at 11.0 s
Not known, because it is hidden.

The client that only waits sends nothing, so it never learns that its connection
is gone. To protect a program of yours, start it with this line:
  node -r nat-keepalive/register app.js
`,
  )
})

t.test('the text where something cannot be known or done here', async (t) => {
  const install = '`apt-get install -y iproute2 nftables util-linux mount dash`'
  const missing = `The NAT lab needs ip, nft in the PATH: install with ${install}.`
  t.equal(
    `${renderLoopback({ without: hidden, with: hidden }, plain)}${renderNoNat(missing, plain)}${conclude(false)}`,
    `                 without nat-keepalive   with nat-keepalive
  started as     node app.js             node -r nat-keepalive/register app.js
  keepalive      not known               not known
Not known, because it is hidden.

Part 2: an answer that takes longer than the NAT remembers
This part is left out, because it needs a NAT on this machine. The NAT lab needs
ip, nft in the PATH: install with
\`apt-get install -y iproute2 nftables util-linux mount dash\`. Part 1 is all that
can be shown here. Where there is Docker, this shows both:

  docker run --rm --privileged node:24 sh -c "apt-get update -qq &&
    apt-get install -qq -y iproute2 nftables && npx -y nat-keepalive demo"

To protect a program of yours, start it with this line:
  node -r nat-keepalive/register app.js
`,
  )
})

t.test('the limits of the clouds are those of the profiles', async (t) => {
  const [, aws, azure] =
    /AWS after (\d+) s, Azure\s+after\s+(\d+) s/.exec(introduceNat(times, plain)) ?? []
  t.equal(Number(aws), findProfile('aws-nat-gateway')?.limitSeconds)
  t.equal(Number(azure), findProfile('azure-nat-gateway')?.limitSeconds)
})

t.test('colours are for terminals, and not with NO_COLOR', async (t) => {
  const terminal = { write() {}, isTTY: true }
  t.equal(createPaint(terminal, {})('red', 'off'), '\x1b[31moff\x1b[39m')
  t.equal(createPaint(terminal, { NO_COLOR: '' })('red', 'off'), '\x1b[31moff\x1b[39m')
  t.equal(createPaint(terminal, { NO_COLOR: '1' })('red', 'off'), 'off')
  t.equal(createPaint(terminal, { TERM: 'dumb' })('red', 'off'), 'off')
  t.equal(createPaint({ write() {} }, {})('red', 'off'), 'off')
  const painted = renderGateway(gateway, createPaint(terminal, {}))
  t.match(painted, '\x1b[32mgot its answer')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.equal(painted.replace(/\x1b\[\d+m/g, ''), renderGateway(gateway, plain), 'columns stay')
})
