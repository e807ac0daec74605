import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'
import { writeConfig } from '../write-config'

const PLAIN = 1883
const TLS = 8883

export async function start(place: Place): Promise<RunningServer> {
  const config = await writeConfig(place, 'mosquitto.conf', [
    // Else it would look for a user of its own, whom nobody may be there.
    'user root',
    'allow_anonymous true',
    'persistence false',
    `listener ${PLAIN} 0.0.0.0`,
    `listener ${TLS} 0.0.0.0`,
    `certfile ${place.cert}`,
    `keyfile ${place.key}`,
  ])
  const { said, stop } = await startProgram(place, {
    argv: ['mosquitto', '-c', config],
    ready: /mosquitto version ([\d.]+) running/,
    debian: 'mosquitto',
  })
  return { plain: PLAIN, tls: TLS, kind: `Mosquitto ${said[1]}`, stop }
}
