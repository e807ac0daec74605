import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../src/lab/lab'
import type { Case } from './cases'
import type { Outcome } from './verdict'

const HOOK = resolve(__dirname, '..', '..', 'register.js')
// A client takes up to 150 ms of a processor to load.
const STAGGER_MS = 150

export interface Server {
  port: string
  /** What it is, in words: PostgreSQL may be a stand-in. */
  kind: string
}

// A lab mounts a /run of its own, which ends with it, also when this process is killed.
const FOLDER = '/run'

/** Runs servers and clients in a lab, with nothing of the test runner or the user around them. */
export function createStage(lab: Lab, nodePath: string) {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: FOLDER,
    TMPDIR: FOLDER,
    NODE_PATH: nodePath,
    NODE_EXTRA_CA_CERTS: join(__dirname, 'servers', 'lab.test.crt'),
    AWS_EC2_METADATA_DISABLED: 'true',
    METADATA_SERVER_DETECTION: 'none',
  }
  const program = (path: string) => [process.execPath, join(__dirname, path)]
  let started = 0

  return {
    async serve(name: Case['server']): Promise<Server> {
      const argv = [...program(`servers/${name}.cjs`), lab.serverAddress]
      const child = lab.spawn('server', argv, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      child.stderr?.on('data', (chunk) => {
        said += chunk
      })
      const closed = once(child, 'close').then(([code]) => {
        throw new Error(`The server ${name} ended with ${code}: ${said}`)
      })
      closed.catch(() => {})
      const line = child.stdout ? once(child.stdout, 'data') : closed
      const [, port, kind] =
        /^ready (\d+) (.+)$/m.exec(String(await Promise.race([line, closed]))) ?? []
      if (!port || !kind) throw new Error(`The server ${name} is not ready: ${said}`)
      return { port, kind }
    },

    async perform(one: Case, server: Server, withHook: boolean): Promise<Outcome> {
      const limitMs = one.limitSeconds * 1000
      const waitMs = Math.max(limitMs * 2, 6000)
      const [node = '', file = ''] = program(`clients/${one.client}.cjs`)
      await sleep(started++ * STAGGER_MS)
      const ran = await lab.run('client', [node, ...(withHook ? ['-r', HOOK] : []), file], {
        env: {
          ...env,
          ...one.env,
          MODE: one.mode,
          TARGET_HOST: lab.serverAddress,
          TARGET_PORT: server.port,
          WAIT_MS: String(waitMs),
          IDLE_MS: String(limitMs * 2),
          GIVE_UP_MS: String(one.mode === 'waiting' ? waitMs + limitMs : limitMs),
          NAT_KEEPALIVE_LIMIT: `${one.limitSeconds}s`,
          NAT_KEEPALIVE_SYSCTL: 'off',
        },
        timeoutMs: waitMs * 6,
      })
      try {
        return JSON.parse(ran.stdout)
      } catch {
        throw new Error(`${one.client} did not print one line of JSON: ${JSON.stringify(ran)}`)
      }
    },
  }
}
