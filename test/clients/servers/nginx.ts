import { type Place, type RunningServer, standIn } from '../server'
import { startProgram } from '../start-program'
import { writeConfig } from '../write-config'

const PLAIN = 8080
const TLS = 8443

const temporaryFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** A reverse proxy in front of something slow. */
export async function start(place: Place): Promise<RunningServer> {
  const upstream = await standIn('slow-upstream')(place)
  const config = await writeConfig(place, 'nginx.conf', [
    'daemon off;',
    // One process, which stays who it is.
    'master_process off;',
    'user root;',
    'pid nginx.pid;',
    'error_log stderr notice;',
    'events {}',
    'http {',
    'access_log off;',
    ...temporaryFolders.map((name) => `${name}_temp_path ${name};`),
    `ssl_certificate ${place.cert};`,
    `ssl_certificate_key ${place.key};`,
    `server { listen ${PLAIN}; listen ${TLS} ssl http2;`,
    `location / { proxy_pass http://127.0.0.1:${upstream.plain}; }`,
    '} }',
  ])
  try {
    const proxy = await startProgram(place, {
      argv: ['nginx', '-e', 'stderr', '-p', place.folder, '-c', config],
      ready: /nginx\/([\d.]+)/,
      debian: 'nginx-light',
    })
    const kind = `nginx ${proxy.said[1]}`
    return { plain: PLAIN, tls: TLS, kind, stop: () => proxy.stop().finally(upstream.stop) }
  } catch (error) {
    await upstream.stop()
    throw error
  }
}
