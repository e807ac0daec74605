'use strict'

/** CPU time of this process, all threads, and time on the clock, in ms, while `work` is done. */
async function measured(work) {
  const cpuBefore = process.cpuUsage()
  const began = process.hrtime.bigint()
  await work()
  const wallMs = Number(process.hrtime.bigint() - began) / 1e6
  const { user, system } = process.cpuUsage(cpuBefore)
  return { cpuMs: (user + system) / 1_000, wallMs }
}

module.exports = { measured }
