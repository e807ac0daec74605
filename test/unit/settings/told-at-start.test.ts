import t from 'tap'
import type { Config } from '../../../src/settings/config'
import { toldAtStart } from '../../../src/settings/told-at-start'

t.test(
  'the kernel’s values are told of at the start where that is asked for, or they are all there is',
  (t) => {
    const table: readonly [Config['sysctl'], Config['mode'], boolean][] = [
      ['auto', 'socket', false],
      ['auto', 'kernel', true],
      ['warn', 'socket', true],
      ['warn', 'kernel', true],
      ['strict', 'socket', true],
      ['strict', 'kernel', true],
      ['off', 'socket', false],
      ['off', 'kernel', false],
    ]
    for (const [sysctl, mode, told] of table) {
      t.equal(toldAtStart({ sysctl, mode }), told, `${sysctl}, ${mode}`)
    }
    t.end()
  },
)
