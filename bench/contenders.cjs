'use strict'
const { spawnSync } = require('node:child_process')
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')
const { version } = require('../package.json')

const register = join(__dirname, '../register.js')

const LIBRARY_CANNOT =
  'it acts when a socket is made, so what Node or a library sets later stands; it takes listening ' +
  'sockets and all destinations alike, tells nothing, and knows nothing of what is idle; it does ' +
  'reach native code, and programs in other languages'

/** Where Debian's packages put a library. */
function findLibrary(name) {
  const folders = ['/usr/lib', ...triples()].map((folder) => join(folder, name))
  return folders.find((path) => existsSync(path))
}

function triples() {
  return readdirSync('/usr/lib')
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join('/usr/lib', name))
}

/** The version of a Debian package that is installed; undefined on another system. */
function debianVersion(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', name], { encoding: 'utf8' })
  return stdout?.split('\t')[1]?.trim()
}

function library({ name, file, env, ...rest }) {
  const path = findLibrary(file)
  const state =
    path === undefined
      ? { missing: `apt-get install ${name}0` }
      : { version: debianVersion(`${name}0`) }
  return { name, args: [], env: { LD_PRELOAD: path, ...env }, ...state, ...rest }
}

function preload({ name, package: from = name, file, packages: { path, why }, ...rest }) {
  if (why !== undefined) return { name, args: [], missing: why, ...rest }
  const { version } = require(join(path, from, 'package.json'))
  return { name, version, args: ['-r', join(path, file)], ...rest }
}

/**
 * What is compared: how each is started, in its best settings. `missing` says what to do where one
 * cannot run here. `packages` is where the tests' locked packages are, or why they are not.
 */
function contenders({ hook = register, packages }) {
  /** @type {Record<string, {name: string, args: string[], env?: NodeJS.ProcessEnv}>} */
  const all = each({ hook, packages })
  const clean = Object.entries(all).map(([key, one]) => [key, { ...one, env: cleanEnv(one.env) }])
  return Object.fromEntries(clean)
}

/** The environment of a program as a user starts it, with what belongs to a contender. */
function cleanEnv(own) {
  const { PATH, HOME, LANG } = process.env
  const all = Object.entries({ PATH, HOME, LANG, ...own })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}

function each({ hook, packages }) {
  const nothing = { name: 'nothing', args: [], env: {}, settings: 'node alone', cannot: '' }
  const ours = {
    name: 'ours',
    version,
    args: ['-r', hook],
    env: {},
    settings: 'the defaults',
    cannot:
      'other languages; a socket of native code is found at a look, so it has its schedule some ' +
      'seconds after it was opened, and only where the native part loads (Linux, x64 and arm64); ' +
      'where it could not be given one, that is told (NKA203)',
  }
  const empty = {
    name: 'empty preload',
    args: ['-r', join(__dirname, 'peers/empty.cjs')],
    env: {},
    settings: 'bench/peers/empty.cjs: a file of one line, what any preload costs at least',
    cannot: 'anything',
  }
  const minimal = {
    name: 'minimal hook',
    args: ['-r', join(__dirname, 'peers/minimal-hook.cjs')],
    env: {},
    settings: 'bench/peers/minimal-hook.cjs: two prototype wrappers, 45 s',
    cannot:
      'a sketch, to show what two wrappers alone cost: no settings, no exceptions, a shorter delay ' +
      'of the program becomes longer, and nothing is ever told; not native code either',
  }
  const libkeepalive = library({
    name: 'libkeepalive',
    file: 'libkeepalive.so',
    env: { KEEPIDLE: '45', KEEPINTVL: '15', KEEPCNT: '4' },
    settings: 'Debian’s libkeepalive0 by LD_PRELOAD, KEEPIDLE=45 KEEPINTVL=15 KEEPCNT=4',
    cannot: LIBRARY_CANNOT,
  })
  const libdontdie = library({
    name: 'libdontdie',
    file: 'libdontdie.so',
    env: {
      DD_TCP_KEEPALIVE_TIME: '45',
      DD_TCP_KEEPALIVE_INTVL: '15',
      DD_TCP_KEEPALIVE_PROBES: '4',
    },
    settings:
      'Debian’s libdontdie0 by LD_PRELOAD, DD_TCP_KEEPALIVE_TIME=45 DD_TCP_KEEPALIVE_INTVL=15 ' +
      'DD_TCP_KEEPALIVE_PROBES=4, its environment read once',
    cannot: LIBRARY_CANNOT,
  })
  const globalAgent = preload({
    name: 'global-agent',
    heavy: true,
    file: 'global-agent/bootstrap.js',
    packages,
    env: {},
    settings: 'global-agent/bootstrap with no proxy set',
    cannot:
      'it is there for proxies and does nothing for keepalive: here for what a popular preload ' +
      'costs; its agents do not keep connections, so each of its requests is a connect',
  })
  const tracing = preload({
    name: 'dd-trace',
    heavy: true,
    file: 'dd-trace/init.js',
    packages,
    env: {
      DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_CRASHTRACKING_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
    },
    settings: 'dd-trace/init; telemetry, remote configuration, crash tracking and start-up log off',
    cannot:
      'it is there for tracing and does nothing for keepalive: here for what such a preload costs',
  })
  const telemetry = preload({
    name: 'OpenTelemetry',
    heavy: true,
    package: '@opentelemetry/auto-instrumentations-node',
    file: '@opentelemetry/auto-instrumentations-node/build/src/register.js',
    packages,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
    },
    settings:
      '@opentelemetry/auto-instrumentations-node/register; no metrics, no logs and no resource ' +
      'detectors',
    cannot:
      'it is there for tracing and does nothing for keepalive: here for what such a preload costs',
  })
  return {
    nothing,
    ours,
    empty,
    minimal,
    libkeepalive,
    libdontdie,
    globalAgent,
    tracing,
    telemetry,
  }
}

/** Those that have to do with connections. */
function connecting({ empty, tracing, telemetry, ...others }) {
  return Object.values(others)
}

/** Those that can run here. */
function able(all) {
  return all.filter(({ missing }) => missing === undefined)
}

/** A sentence for each of those that cannot. */
function notAble(all) {
  return all.flatMap(({ name, missing }) => (missing === undefined ? [] : [`${name}: ${missing}`]))
}

module.exports = { contenders, connecting, able, notAble }
