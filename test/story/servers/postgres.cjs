'use strict'
const { spawn, spawnSync } = require('node:child_process')
const {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
} = require('node:fs')
const net = require('node:net')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { ready } = require('./listen.cjs')

// With a certificate and its key there is TLS, for those who ask for it.
const [host = '127.0.0.1', cert, key] = process.argv.slice(2)
const user = 'story'

const bin = findBinaries()
// PostgreSQL refuses uid 0, which in a rootless lab is the only one there is. A user namespace of its
// own gives it another name for the same user. IPC too, or a kill would leave shared memory behind.
const asSomebody = ['unshare', '--user', '--ipc', '--map-user=1000', '--map-group=1000', '--']
const as = bin && (process.getuid() === 0 ? canRun(asSomebody) : [])
const data = as && initialize(as)
if (data) start(as, data)
else require('./postgres-stand-in.cjs').start(host)

function findBinaries() {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const folders = versions.map((version) => join(root, version, 'bin'))
  const asked = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim()
  return [...folders, ...(asked ? [asked] : [])].find((folder) =>
    existsSync(join(folder, 'initdb')),
  )
}

function canRun(prefix) {
  const [file, ...args] = [...prefix, 'true']
  return spawnSync(file, args).status === 0 ? prefix : undefined
}

function initialize(prefix) {
  // Whoever starts this program removes TMPDIR: it may be killed before it could do that itself.
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-postgres-'))
  const argv = [join(bin, 'initdb'), '-D', folder, '-U', user, '-A', 'trust', '--no-sync']
  const [file, ...args] = [...prefix, ...argv, '--locale=C', '-E', 'UTF8']
  const made = spawnSync(file, args, { encoding: 'utf8' })
  if (made.status === 0) return folder
  process.stderr.write(made.stderr ?? `${made.error}\n`)
}

async function start(prefix, folder) {
  const port = await freePort()
  const settings = {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 100,
    shared_buffers: '8MB',
    dynamic_shared_memory_type: 'mmap',
    ssl: cert ? 'on' : 'off',
  }
  if (cert) identify(folder)
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const argv = ['setpriv', '--pdeathsig', 'QUIT', join(bin, 'postgres'), '-D', folder, ...flags]
  const [file, ...args] = [...prefix, ...argv]
  // Nobody from outside its own host gets in by default.
  appendFileSync(join(folder, 'pg_hba.conf'), 'host all all all trust\n')
  const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  server.stderr.setEncoding('utf8')
  server.stderr.on('data', (chunk) => {
    const wasReady = log.includes('ready to accept connections')
    log += chunk
    if (!wasReady && log.includes('ready to accept connections')) ready(port, version())
  })
  server.on('exit', (code) => {
    process.stderr.write(log)
    process.exit(code ?? 1)
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill('SIGQUIT'))
}

/** PostgreSQL refuses a key that others may read. */
function identify(folder) {
  copyFileSync(cert, join(folder, 'server.crt'))
  copyFileSync(key, join(folder, 'server.key'))
  chmodSync(join(folder, 'server.key'), 0o600)
}

function version() {
  const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' })
  return `PostgreSQL ${/\d+(\.\d+)?/.exec(stdout)?.[0]}`
}

/** PostgreSQL cannot choose a port itself. */
function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, host, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
