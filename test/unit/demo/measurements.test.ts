import t from 'tap'
import { judgeGateway, judgeLoopback } from '../../../src/demo/measurements'
import { gateway, hidden, kept, lost, off, on } from './samples'

t.test('what would prove the demo wrong', async (t) => {
  t.strictSame(judgeLoopback({ without: off, with: on }), [])
  t.strictSame(judgeLoopback({ without: hidden, with: hidden }), [])
  t.match(judgeLoopback({ without: on, with: on }), [/without nat-keepalive has keepalive/])
  t.match(judgeLoopback({ without: off, with: off }), [/with nat-keepalive has no keepalive/])
  t.match(judgeLoopback({ without: off, with: { ...on, nextTimerMs: 46_000 } }), [/46000 ms/])
  t.strictSame(judgeGateway(gateway), [])
  t.match(judgeGateway({ ...gateway, with: lost }), [
    /^Behind the NAT that resets, .* not answered/,
  ])
  t.match(judgeGateway({ ...gateway, expiry: 'drop', without: kept }), [
    /drops, .* answered as well/,
  ])
  t.match(judgeGateway({ ...gateway, without: { ...lost, answeredMs: null } }), [
    /the service did not/,
  ])
})
