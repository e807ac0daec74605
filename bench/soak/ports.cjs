'use strict'
/** Where a server of the soak listens: for the idle connections, and for the churn beside them. */
module.exports = { held: 7001, churn: 7002, http: 7003 }
