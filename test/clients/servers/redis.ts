import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'

const PLAIN = 6379
const TLS = 6380

export async function start(place: Place): Promise<RunningServer> {
  const settings = {
    bind: '0.0.0.0',
    'protected-mode': 'no',
    port: PLAIN,
    'tls-port': TLS,
    'tls-cert-file': place.cert,
    'tls-key-file': place.key,
    'tls-ca-cert-file': place.ca,
    'tls-auth-clients': 'no',
    // It would write a dump when it ends.
    save: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const { said, stop } = await startProgram(place, {
    argv: ['redis-server', ...flags],
    ready: /Redis version=([\d.]+).*Ready to accept connections/s,
    debian: 'redis-server',
  })
  return { plain: PLAIN, tls: TLS, kind: `Redis ${said[1]}`, stop }
}
