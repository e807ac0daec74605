import { join } from 'node:path'
import type { Place } from '../core/place'
import { root } from '../run-node'
import type { Server } from './suite'

const fixtures = join(root, 'test/fixtures')

/**
 * Shell scripts that become a server in an empty folder, and what it prints once it answers. Whoever
 * comes is let in as whom he says he is.
 */
const servers: Readonly<Record<Server, readonly [script: string, ready: RegExp]>> = {
  // User root is the only one there is; MariaDB wants to be told that this is meant.
  mariadb: [
    `
echo 'create database test;' > init
exec mariadbd --no-defaults --user=root --datadir=. --socket="$PWD/socket" --pid-file="$PWD/pid" \\
  --bind-address=127.0.0.1 --skip-name-resolve --skip-grant-tables --init-file="$PWD/init" \\
  --innodb-log-file-size=4M --innodb-data-file-path=ibdata1:4M:autoextend
`,
    /ready for connections/,
  ],
  // PostgreSQL refuses user 0. A user namespace of its own gives it another number for the same user.
  postgres: [
    `
if [ "$(id -u)" = 0 ]; then as='unshare --user --ipc --map-user=1000 --map-group=1000 --'; fi
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
$as "$bin/initdb" --pgdata=data --username=postgres --auth=trust --no-sync --locale=C --encoding=UTF8
# It takes no key that others could read.
cp '${fixtures}/tls.crt' data/server.crt
install -m 600 '${fixtures}/tls.key' data/server.key
exec $as "$bin/postgres" -D data -c ssl=on -c listen_addresses=127.0.0.1 -c unix_socket_directories= \\
  -c fsync=off -c shared_buffers=8MB -c dynamic_shared_memory_type=mmap
`,
    /ready to accept connections/,
  ],
}

/** Starts a server in a place, on its usual port of 127.0.0.1, and waits until it answers. */
export async function startServer(name: Server, place: Place): Promise<void> {
  const [script, ready] = servers[name]
  await place.serve(['sh', '-ec', script], ready)
}
