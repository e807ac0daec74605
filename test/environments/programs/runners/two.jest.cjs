require('./fake-timers.cjs').declare('two')
