import { join } from 'node:path'
import type { Place, RunningServer } from '../server'
import { startProgram } from '../start-program'

const PORT = 3306

/** Lets in everybody, over TLS if they ask for it once they are connected. */
export async function start(place: Place): Promise<RunningServer> {
  const settings = {
    // The only user there is; MariaDB wants to be told that this is meant.
    user: 'root',
    datadir: place.folder,
    socket: join(place.folder, 'socket'),
    'pid-file': join(place.folder, 'pid'),
    'bind-address': '0.0.0.0',
    port: PORT,
    'ssl-cert': place.cert,
    'ssl-key': place.key,
    // Tables of users, which it can do without then, would take two seconds to make.
    'skip-grant-tables': 1,
    'skip-name-resolve': 1,
    'innodb-log-file-size': '4M',
    'innodb-data-file-path': 'ibdata1:4M:autoextend',
  }
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const { said, stop } = await startProgram(place, {
    argv: ['mariadbd', '--no-defaults', ...flags],
    ready: /ready for connections.*Version: '([\d.]+)/s,
    debian: 'mariadb-server',
  })
  return { plain: PORT, tls: PORT, kind: `MariaDB ${said[1]}`, stop }
}
