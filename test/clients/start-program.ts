import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { withEnv } from '../run-node'
import type { Place } from './server'

export interface ProgramOptions {
  argv: readonly string[]
  /** What it prints once it answers. */
  ready: RegExp
  env?: Record<string, string>
  /** The Debian package that has it. */
  debian?: string
}

export interface Program {
  /** What `ready` found. */
  readonly said: RegExpExecArray
  stop(): Promise<void>
}

type Child = ChildProcessByStdio<null, Readable, Readable>

const PATIENCE_MS = 60_000
/** What setpriv ends with where there is no such program. */
const NOT_FOUND = 127

/**
 * Starts a program in the place and waits until it says that it answers. It has nothing of the test
 * runner or the user in its environment, keeps what it writes in the place's folder, and ends with
 * this process at the latest.
 */
export async function startProgram(place: Place, options: ProgramOptions): Promise<Program> {
  const { folder, packages } = place
  const env = {
    // Debian leaves /usr/sbin, where servers are, out of the PATH of ordinary users.
    PATH: `${process.env.PATH}:/usr/sbin`,
    HOME: folder,
    TMPDIR: folder,
    NODE_PATH: packages,
    ...options.env,
  }
  const endsWithParent = ['setpriv', '--pdeathsig', 'KILL', ...options.argv]
  const [command = '', ...args] = withEnv(env, place.inside(endsWithParent))
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => end(child)
  try {
    return { said: await becomesReady(child, options), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function becomesReady(child: Child, { argv, ready, debian }: ProgramOptions) {
  return new Promise<RegExpExecArray>((done, fail) => {
    let output = ''
    const refuse = (why: string) => fail(new Error(`${argv[0]} ${why}. It said: ${output}`))
    const timer = setTimeout(refuse, PATIENCE_MS, 'is not ready after a minute')
    const read = (chunk: string) => {
      output += chunk
      const said = ready.exec(output)
      if (!said) return
      clearTimeout(timer)
      done(said)
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read)
    child.on('error', fail)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === NOT_FOUND && debian) refuse(`is missing: apt-get install ${debian}`)
      else refuse(`ended with ${code ?? signal}`)
    })
  })
}

/** What `inside` gives stands in front of the program, which was asked to end with it. */
async function end(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
