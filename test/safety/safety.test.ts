import t from 'tap'
import { checks } from './checks'

for (const [name, check] of Object.entries(checks)) {
  t.test(name, (t) => check(t, process.execPath))
}
