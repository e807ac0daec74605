import { join } from 'node:path'
import { packagesHere } from '../core/place'
import type { Suite } from './suite'

const trixie = 'trixie'
const forky = 'forky'

const mocha =
  (...options: string[]) =>
  (path: string) => [`${packagesHere}/mocha/bin/_mocha`, '--reporter=tap', ...options, path]

/** Options that leave out the tests of a file whose names have one of these words in them. */
const without = (...words: readonly string[]) => ['--invert', `--grep=${words.join('|')}`]

const jasmine = (path: string) => [`${packagesHere}/jasmine/bin/jasmine.js`, path]

/** A test of node:test. */
const nodeTest = (path: string) => [
  '--expose-gc',
  `--test-reporter=${join(__dirname, 'plain-reporter.mjs')}`,
  path,
]

/** A program of its own. */
const program = (path: string) => [path]

/** Lets OpenSSL take the keys of 1,024 bits that old tests bring along. */
const oldKeys = '--tls-cipher-list=DEFAULT:@SECLEVEL=0'

export const suites: readonly Suite[] = [
  {
    name: 'ws',
    sourcePackage: 'node-ws',
    release: trixie,
    tests: /^test\/[^/]+\.test\.js$/,
    argv: mocha('--throw-deprecation'),
  },
  {
    name: 'undici',
    sourcePackage: 'node-undici',
    release: forky,
    since: 22,
    tests:
      /^test\/((fetch|websocket|node-test|eventsource|interceptors|node-fetch)\/.*|[^/]+)\.js$/,
    // The others have to do with no connection.
    content: /\bcreate(Secure)?Server\b/,
    // They need a bundle that is built first, a way out, or more than a minute.
    except: new RegExp(
      [
        'fetch/(bundle|user-agent|issue-1447|export-env-proxy-agent|client-node-max-header-size)',
        'fetch/(fire-and-forget|long-lived-abort-controller)',
        'examples|connect-timeout|issue-803|issue-4880|ca-fingerprint|sync-error-in-callback',
      ].join('|'),
    ),
    argv: nodeTest,
    links: {
      'node_modules/@metcoder95/https-pem/index.js': join(__dirname, 'https-pem.cjs'),
      // WebAssembly is not in Debian's sources, because it is built from C.
      'lib/llhttp/llhttp-wasm.js': `${packagesHere}/undici8/lib/llhttp/llhttp-wasm.js`,
      'lib/llhttp/llhttp_simd-wasm.js': `${packagesHere}/undici8/lib/llhttp/llhttp_simd-wasm.js`,
    },
  },
  {
    name: 'mysql',
    sourcePackage: 'node-mysql',
    release: trixie,
    tests: /^test\/unit\/.*\/test-[^/]+\.js$/,
    argv: (path) => [oldKeys, path],
    packages: { 'readable-stream': 'readable-stream2' },
    // One needs a way out, whose end never answers, and two a certificate that has expired.
    except: /\/test-(connect-timeout|connection-ssl|connection-ssl-ciphers)\.js$/,
  },
  {
    name: 'mysql-server',
    sourcePackage: 'node-mysql',
    release: trixie,
    tests: /^test\/integration\/.*\/test-[^/]+\.js$/,
    argv: program,
    packages: { 'readable-stream': 'readable-stream2' },
    server: 'mariadb',
    env: { MYSQL_HOST: '127.0.0.1', MYSQL_USER: 'root', MYSQL_DATABASE: 'test' },
    // They ask for users, procedures, or words of another MySQL.
    except:
      /\/test-(bad-credentials|procedure-.*|load-data-infile-disable|statistics|server-timeout-disconnect)\.js$/,
  },
  {
    name: 'postgres',
    sourcePackage: 'node-postgres',
    release: forky,
    tests: /^packages\/pg\/test\/(unit|integration)\/.*-tests\.js$/,
    argv: program,
    packages: { async: 'async2' },
    server: 'postgres',
    fillServer: 'packages/pg/script/create-test-tables.js',
    // One asks for speed, and one kills what is idle on the server, its own at times.
    except: /\/(gh-issues\/1105|connection-pool\/error)-tests\.js$/,
    env: { PGHOST: '127.0.0.1', PGUSER: 'postgres', PGDATABASE: 'postgres', PGPASSWORD: 'any' },
  },
  {
    name: 'mqtt',
    sourcePackage: 'node-mqtt',
    release: trixie,
    // What else it has repeats these in other words, half a minute each.
    tests: /^test\/(client|secure_client|websocket_client|mqtt)\.js$/,
    argv: mocha('--check-leaks', '--timeout=10000', '--exit', '--require=should'),
    packages: { ws: 'ws7' },
  },
  {
    name: 'node-fetch',
    sourcePackage: 'node-fetch',
    release: trixie,
    tests: /^test\/(main|referrer|form-data)\.js$/,
    // These ask for the internet, or for another Node.
    argv: mocha(
      ...without(
        'https request',
        'forward secure headers',
        'famliy option',
        'EOM in separate packets',
        'more than 1 chunk in the final packet',
      ),
    ),
  },
  {
    name: 'http-proxy',
    sourcePackage: 'node-http-proxy',
    release: trixie,
    tests: /^test\/lib-[^/]+\.js$/,
    // These fail with every Node of today.
    argv: mocha(
      '--exit',
      ...without(
        'socket.io client connects',
        'follow redirects',
        'handle timeout error',
        'hang up the socket',
      ),
    ),
    packages: { ws: 'ws3' },
  },
  {
    name: 'configurable-http-proxy',
    sourcePackage: 'node-configurable-http-proxy',
    release: trixie,
    tests: /^test\/api_spec\.js$/,
    argv: jasmine,
  },
  {
    name: 'websocket',
    sourcePackage: 'node-websocket',
    release: trixie,
    tests: /^test\/unit\/[^/]+\.js$/,
    argv: program,
  },
  {
    name: 'websocket-stream',
    sourcePackage: 'node-websocket-stream',
    release: trixie,
    tests: /^test\.js$/,
    argv: program,
    packages: { ws: 'ws3' },
  },
  {
    name: 'sockjs-client',
    sourcePackage: 'node-sockjs-client',
    release: trixie,
    tests: /^tests\/node\.js$/,
    argv: mocha('--exit'),
  },
  {
    name: 'xmlhttprequest',
    sourcePackage: 'node-xmlhttprequest',
    release: trixie,
    tests: /^tests\/test-[^/]+\.js$/,
    // One asks for speed, one wins or loses a race, and the others wait for a file and leave nobody else the processor.
    except: /test-(perf|keepalive|sync-response|response-type|utf8-tearing)/,
    argv: program,
  },
]
