import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type AskedOptions, type AskedProcess, startAsked } from '../oracle/asked-process'
import { ensurePackages } from '../packages'
import { withEnv } from '../run-node'

/** Where the packages of native code are. */
export const packages = ensurePackages(__dirname)

/** Starts a server of this folder; resolves to its port. */
export async function serve(t: Test, name: string): Promise<string> {
  const file = join(__dirname, 'servers', `${name}.cjs`)
  const env = { NODE_PATH: await packages }
  const [command = '', ...args] = withEnv(env, [process.execPath, file])
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(server, 'close')
  t.teardown(async () => {
    server.kill('SIGKILL')
    await closed
  })
  const [line] = await once(server.stdout, 'data')
  const port = /^ready (\d+) /.exec(String(line))?.[1]
  if (port === undefined) throw new Error(`The server ${name} is not ready: ${line}`)
  return port
}

/** Starts a client of this folder under the hook. */
export async function startClient(
  t: Test,
  client: string,
  { env = {}, ...options }: AskedOptions = {},
): Promise<AskedProcess> {
  const asked = startAsked([join(__dirname, 'clients', `${client}.cjs`)], {
    ...options,
    env: {
      NODE_PATH: await packages,
      ...env,
    },
  })
  t.teardown(async () => {
    await asked.kill()
    // The client of Valkey has a Unix socket there, whatever TMPDIR says, and leaves it.
    for (const name of readdirSync('/tmp')) {
      if (name.startsWith(`glide-socket-${asked.pid}-`)) rmSync(join('/tmp', name))
    }
  })
  return asked
}
