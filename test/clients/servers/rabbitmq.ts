import { join } from 'node:path'
import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'
import { writeConfig } from '../write-config'

const PLAIN = 5672
const TLS = 5671

/** Leaves the port mapper of Erlang to the end of the network. */
export async function start(place: Place): Promise<RunningServer> {
  const config = await writeConfig(place, 'rabbitmq.conf', [
    `listeners.tcp.1 = 0.0.0.0:${PLAIN}`,
    `listeners.ssl.1 = 0.0.0.0:${TLS}`,
    `ssl_options.certfile = ${place.cert}`,
    `ssl_options.keyfile = ${place.key}`,
    'ssl_options.verify = verify_none',
    // The guest may come from anywhere.
    'loopback_users = none',
    'log.file = false',
    'log.console = true',
  ])
  const env = {
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'clients@localhost',
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_MNESIA_BASE: place.folder,
    RABBITMQ_LOG_BASE: place.folder,
    RABBITMQ_FEATURE_FLAGS_FILE: join(place.folder, 'feature-flags'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(place.folder, 'plugins'),
    // Else its shell script stays in front of it, and is all that ends.
    RUNNING_UNDER_SYSTEMD: 'true',
  }
  const { said, stop } = await startProgram(place, {
    // What Debian puts into the PATH instead changes the user.
    argv: ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
    ready: /Starting RabbitMQ ([\d.]+).*Server startup complete/s,
    env,
    debian: 'rabbitmq-server',
  })
  return { plain: PLAIN, tls: TLS, kind: `RabbitMQ ${said[1]}`, stop }
}
