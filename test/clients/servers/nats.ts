import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'
import { writeConfig } from '../write-config'

const PORT = 4222

/** Offers TLS to those who want it, after its greeting. */
export async function start(place: Place): Promise<RunningServer> {
  const config = await writeConfig(place, 'nats.conf', [
    `listen: "0.0.0.0:${PORT}"`,
    `tls { cert_file: "${place.cert}", key_file: "${place.key}" }`,
    'allow_non_tls: true',
  ])
  const { said, stop } = await startProgram(place, {
    argv: ['nats-server', '-c', config],
    ready: /Version: +([\d.]+).*Server is ready/s,
    debian: 'nats-server',
  })
  return { plain: PORT, tls: PORT, kind: `NATS ${said[1]}`, stop }
}
