'use strict'
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { join } = require('node:path')

// A network of its own: nobody else's connections are in the kernel's table, the sysctls are the
// kernel's, and ports in TIME_WAIT end with it. Processes of its own: none outlives the first.
const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const UNPRIVILEGED = ['--user', '--map-root-user']

const PREPARE = `
  ip link set lo up &&
  echo 10000 64999 > /proc/sys/net/ipv4/ip_local_port_range &&
  { ulimit -n 1048576 2> /dev/null || ulimit -n "$(ulimit -H -n)"; } &&
  exec "$@"`

const SIGNALS = /** @type {const} */ ([
  { signal: 'SIGINT', number: 2 },
  { signal: 'SIGTERM', number: 15 },
  { signal: 'SIGHUP', number: 1 },
])

/** The exit code of measure.cjs where a part failed, which it has told of. */
const FAILED = 70

/** Runs measure.cjs in namespaces that end with it, and returns what it found. */
async function enclosed(task) {
  const privileged = process.getuid?.() === 0
  const command = [process.execPath, join(__dirname, 'measure.cjs'), JSON.stringify(task)]
  const args = [...(privileged ? [] : UNPRIVILEGED), ...UNSHARE, 'sh', '-c', PREPARE, 'sh']
  // Detached, so that Ctrl-C reaches this process alone, which then ends all of it at once.
  const child = spawn('unshare', [...args, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  for (const { signal, number } of SIGNALS) {
    process.on(signal, () => {
      child.kill('SIGKILL')
      child.on('close', () => process.exit(128 + number))
    })
  }
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const [code] = await once(child, 'close')
  if (code === FAILED) throw new Error('The measurement failed.')
  if (code !== 0) {
    throw new Error(
      `The namespaces for the measurement could not be made (${code}): it needs unshare and ip ` +
        '(util-linux, iproute2), and root or unprivileged user namespaces.',
    )
  }
  return JSON.parse(said)
}

module.exports = { enclosed, FAILED }
