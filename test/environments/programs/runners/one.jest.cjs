require('./fake-timers.cjs').declare('one')
