'use strict'

/** The parts of the bench, in the order in which they run. */
const parts = {
  startup: require('./parts/startup.cjs'),
  connect: require('./parts/connect.cjs'),
  instructions: require('./parts/instructions.cjs'),
  requests: require('./parts/requests.cjs'),
  stream: require('./parts/stream.cjs'),
  memory: require('./parts/memory.cjs'),
  churn: require('./parts/churn.cjs'),
  peaks: require('./parts/peaks.cjs'),
  audit: require('./parts/audit.cjs'),
  idle: require('./parts/idle.cjs'),
  coverage: require('./parts/coverage.cjs'),
}

module.exports = { parts }
