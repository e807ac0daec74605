import { join } from 'node:path'
import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'

const PROGRAM = join(__dirname, '..', '..', 'story', 'servers', 'postgres.cjs')

/** Offers TLS to those who ask for it once they are connected. */
export async function start(place: Place): Promise<RunningServer> {
  const { said, stop } = await startProgram(place, {
    argv: [process.execPath, PROGRAM, '0.0.0.0', place.cert, place.key],
    ready: /^ready (\d+) (.+)$/m,
  })
  const [, port, kind = ''] = said
  if (!kind.startsWith('PostgreSQL')) {
    await stop()
    throw new Error(`Only a ${kind} could start, which has no TLS: install postgresql.`)
  }
  return { plain: Number(port), tls: Number(port), kind, stop }
}
