import { createLab } from '../../src/lab/lab'
import { register, withEnv } from '../run-node'
import type { CoreTest } from './core-test'
import { normalText } from './normal-text'
import type { Outcome } from './outcome'

/** Where tests run one after the other, in a network that nobody else is in and that leads nowhere. */
export interface Place {
  run(test: CoreTest, hook: 'bare' | 'hooked'): Promise<Outcome>
  close(): Promise<void>
}

/** The longest takes 16 s, because it waits for timeouts of HTTP. */
const TIMEOUT_MS = 40_000

/**
 * Makes the machine the same for every test: the kernel's delay is below the limit, so that the hook
 * has nothing to warn of; localhost is both addresses; and next to the executable is the openssl that
 * Node's tests look for there, for they skip what needs it otherwise. /run is the lab's own.
 */
const prepareScript = `
echo 200 > /proc/sys/net/ipv4/tcp_keepalive_time
printf '127.0.0.1 localhost\\n::1 localhost\\n' > /run/hosts
mount --bind /run/hosts /etc/hosts
mkdir /run/bin
touch /run/bin/node
mount --bind "$1" /run/bin/node
if openssl=$(command -v openssl); then ln -s "$openssl" /run/bin/openssl-cli; fi
`

/**
 * A test begins in an empty folder, and what it leaves running would disturb the next. Its output goes
 * into files, because a pipe would stay open for as long as somebody has it.
 */
const runScript = `
rm -rf /run/test && mkdir /run/test && cd /run/test || exit
"$@" < /dev/null > /run/stdout 2> /run/stderr
code=$?
trap '' TERM
kill -TERM 0
cat /run/stdout
cat /run/stderr >&2
exit $code
`

/** Makes a place whose tests are run by the executable `node`, and killed after `timeoutMs`. */
export async function createPlace(node: string, timeoutMs = TIMEOUT_MS): Promise<Place> {
  const lab = await createLab()
  const shell = (script: string, argv: readonly string[]) => ['sh', '-ec', script, 'sh', ...argv]
  const prepared = await lab.run('client', shell(prepareScript, [node]), { cwd: '/' })
  if (prepared.code !== 0) {
    await lab.close()
    throw new Error(`A place for tests could not be made: ${prepared.stderr.trim()}`)
  }
  return {
    async run({ path, flags }, hook) {
      const argv = ['/run/bin/node', ...flags, path]
      const env = {
        NODE_TEST_DIR: '/run/test',
        // As in a container image, because this form leaves process.execArgv alone, which tests look
        // at and hand on, and because it reaches every child that a test starts.
        ...(hook === 'hooked' && { NODE_OPTIONS: `--require ${register}` }),
      }
      const command = withEnv(env, ['sh', '-c', runScript, 'sh', ...argv])
      const run = await lab.run('client', command, { cwd: '/', timeoutMs })
      const skipped = run.code === 0 && /^1\.\.0 # skip/im.test(run.stdout)
      return {
        status: skipped ? 'skipped' : run.code === 0 ? 'passed' : 'failed',
        stdout: normalText(run.stdout),
        stderr: normalText(run.timedOut ? `Error: killed after ${timeoutMs} ms` : run.stderr),
      }
    },
    close: () => lab.close(),
  }
}
