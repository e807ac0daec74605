import type { ChildProcess } from 'node:child_process'
import { createLab, type Lab } from '../../src/lab/lab'
import { register, withEnv } from '../run-node'
import type { ComparedTest } from './compared-test'
import { normalText } from './normal-text'
import type { Outcome } from './outcome'

/** Where tests run one after the other, in a network that nobody else is in and that leads nowhere. */
export interface Place {
  run(test: ComparedTest, hook: 'bare' | 'hooked'): Promise<Outcome>
  /**
   * Starts a server that stays until the place is closed, with an empty folder of its own to begin
   * in, and waits for it to print what `ready` finds. Throws where it ends before that.
   */
  serve(argv: readonly string[], ready: RegExp): Promise<void>
  close(): Promise<void>
}

export interface PlaceOptions {
  /** When a test is killed. */
  readonly timeoutMs?: number
  /** A node_modules whose packages the tests find. */
  readonly packages?: string
}

/** Where tests find the packages, as the node_modules of the folder above theirs. */
export const packagesHere = '/run/node_modules'

/** The longest of Node's takes 16 s, because it waits for timeouts of HTTP. */
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
if [ -n "$2" ]; then ln -s "$2" ${packagesHere}; fi
`

/**
 * A test begins in an empty folder, or in one that is laid over the folder it is to have, and what it
 * leaves running would disturb the next. Its output goes into files, because a pipe would stay open
 * for as long as somebody has it.
 */
const runScript = `
umount -l /run/test 2> /dev/null
rm -rf /run/test /run/changes && mkdir -p /run/test /run/changes/upper /run/changes/work || exit
if [ -n "$1" ]; then
  changes=upperdir=/run/changes/upper,workdir=/run/changes/work
  mount -t overlay overlay -o "lowerdir=$1,$changes" /run/test || exit
fi
cd /run/test || exit
shift
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$1")" && ln -sfn "$2" "$1" || exit
  shift 2
done
shift
"$@" < /dev/null > /run/stdout 2> /run/stderr
code=$?
trap '' TERM
kill -TERM 0
cat /run/stdout
cat /run/stderr >&2
exit $code
`

/** Makes a place whose tests are run by the executable `node`. */
export async function createPlace(node: string, options: PlaceOptions = {}): Promise<Place> {
  const { timeoutMs = TIMEOUT_MS, packages = '' } = options
  const lab = await createLab()
  const shell = (script: string, argv: readonly string[]) => ['sh', '-ec', script, 'sh', ...argv]
  const prepared = await lab.run('client', shell(prepareScript, [node, packages]), { cwd: '/' })
  if (prepared.code !== 0) {
    await lab.close()
    throw new Error(`A place for tests could not be made: ${prepared.stderr.trim()}`)
  }
  return {
    async run({ argv, folder = '', links = {}, env }, hook) {
      const variables = {
        PATH: `/run/bin:${process.env.PATH}`,
        ...env,
        NODE_TEST_DIR: '/run/test',
        // As in a container image, because this form leaves process.execArgv alone, which tests look
        // at and hand on, and because it reaches every child that a test starts.
        ...(hook === 'hooked' && { NODE_OPTIONS: `--require ${register}` }),
      }
      const laid = [folder, ...Object.entries(links).flat(), '--']
      const script = ['sh', '-c', runScript, 'sh', ...laid, '/run/bin/node', ...argv]
      const run = await lab.run('client', withEnv(variables, script), { cwd: '/', timeoutMs })
      const skipped = run.code === 0 && /^1\.\.0 # skip/im.test(run.stdout)
      return {
        status: skipped ? 'skipped' : run.code === 0 ? 'passed' : 'failed',
        stdout: normalText(run.stdout),
        stderr: normalText(run.timedOut ? `Error: killed after ${timeoutMs} ms` : run.stderr),
      }
    },
    serve: (argv, ready) => serve(lab, argv, ready),
    close: () => lab.close(),
  }
}

const serveScript = 'folder=$(mktemp -d -p /run) && cd "$folder" && exec "$@"'

function serve(lab: Lab, argv: readonly string[], ready: RegExp): Promise<void> {
  // Debian leaves /usr/sbin, where servers are, out of the PATH of ordinary users.
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, HOME: '/run' }
  const command = withEnv(env, ['sh', '-c', serveScript, 'sh', ...argv])
  const child = lab.spawn('client', command, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  return becomesReady(child, argv[0] ?? '', ready)
}

function becomesReady(child: ChildProcess, name: string, ready: RegExp): Promise<void> {
  return new Promise((done, fail) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
        if (ready.test(said)) done()
      })
    }
    child.on('error', fail)
    child.on('close', (code, signal) => {
      fail(new Error(`${name} ended with ${code ?? signal} before it was ready. It said: ${said}`))
    })
  })
}
