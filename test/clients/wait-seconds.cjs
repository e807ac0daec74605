'use strict'
/** How long a request waits for its answer: longer than the second look at it, however late that is. */
exports.WAIT_SECONDS = 7
