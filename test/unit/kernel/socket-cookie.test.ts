import t from 'tap'
import { socketCookie } from '../../../src/kernel/socket-cookie'

t.test('a cookie is one exact number, from both ends of the range', (t) => {
  t.equal(socketCookie(0, 0), 0)
  t.equal(socketCookie(4097, 0), 4097)
  t.equal(socketCookie(0xffff_ffff, 0), 4_294_967_295)
  t.equal(socketCookie(0, 1), 4_294_967_296)
  t.equal(socketCookie(0xffff_ffff, 0xffff_ffff), -1)
  t.equal(socketCookie(0xffff_f001, 0xffff_ffff), -4095)
  t.equal(socketCookie(0xffff_ffff, 0x001f_ffff), Number.MAX_SAFE_INTEGER)
  t.end()
})
