'use strict'

/**
 * Answers as Lambda does for a function called `wait-MS`: nothing for so many milliseconds, not even
 * headers, then all of it. The path alone decides, so plain requests to `/wait-MS` are served too.
 */
exports.answerInvocation = (request, response) => {
  const waitMs = Number(/\/wait-(\d+)/.exec(request.url)?.[1] ?? 0)
  request.resume()
  request.on('end', () => {
    setTimeout(() => {
      response.setHeader('content-type', 'application/json')
      response.end('{"waited":true}')
    }, waitMs)
  })
}
