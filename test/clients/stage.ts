import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePackages } from '../packages'
import { createNetwork, type Network } from './network'
import type { Place, RunningServer, StartServer } from './server'

/** Where the clients play: the network, their packages, and the servers they ask for. */
export interface Stage {
  readonly network: Network
  /** The node_modules with the packages. */
  readonly packages: string
  /** The path of the certificate that every server has. */
  readonly ca: string
  /** Starts the server of that name, once. */
  serve(name: string): Promise<RunningServer>
  close(): Promise<void>
}

const key = join(__dirname, 'tls.key')
const cert = join(__dirname, 'tls.crt')

export async function createStage(): Promise<Stage> {
  const packages = await ensurePackages(__dirname)
  const network = await createNetwork()
  // What import() finds depends on where it is written, and NODE_PATH does not count.
  symlinkSync(packages, join(network.folder, 'node_modules'))
  writeFileSync(join(network.folder, 'load.mjs'), 'export const load = (name) => import(name)\n')

  const servers = new Map<string, Promise<RunningServer>>()
  const start = async (name: string): Promise<RunningServer> => {
    const folder = join(network.folder, name)
    mkdirSync(folder)
    const place: Place = { folder, key, cert, ca: cert, packages, inside: network.inside }
    const server: { start: StartServer } = require(join(__dirname, 'servers', name))
    return server.start(place)
  }
  return {
    network,
    packages,
    ca: cert,
    serve(name) {
      const server = servers.get(name) ?? start(name)
      servers.set(name, server)
      return server
    },
    async close() {
      const started = await Promise.allSettled(servers.values())
      const running = started.filter((result) => result.status === 'fulfilled')
      await Promise.allSettled(running.map(({ value }) => value.stop()))
      await network.close()
    },
  }
}
