'use strict'
const { spawnSync } = require('node:child_process')
const koffi = require('koffi')

const getrusage = koffi.load('libc.so.6').func('int getrusage(int who, _Out_ uint8_t *usage)')
const RUSAGE_CHILDREN = -1
/** struct rusage begins with two struct timeval: user and system time. */
const usage = Buffer.alloc(144)

function childrenCpuMs() {
  if (getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error('getrusage failed')
  const [userS, userUs, systemS, systemUs] = [0, 8, 16, 24].map((at) => usage.readBigInt64LE(at))
  return Number(userS + systemS) * 1_000 + Number(userUs + systemUs) / 1_000
}

/**
 * Runs a command to its end: its CPU time (user and system, all of its threads, as wait4(2) counts
 * it) and the time on the clock. Throws where it does not end with 0.
 */
function measuredRun(argv, env) {
  const [command, ...args] = argv
  const cpuBefore = childrenCpuMs()
  const began = process.hrtime.bigint()
  const { status, signal, error, stderr } = spawnSync(command, args, {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const wallMs = Number(process.hrtime.bigint() - began) / 1e6
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${error ?? signal ?? status} ${stderr}`)
  return { cpuMs: childrenCpuMs() - cpuBefore, wallMs, stderr: String(stderr) }
}

module.exports = { measuredRun }
