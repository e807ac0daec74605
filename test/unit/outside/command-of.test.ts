import t from 'tap'
import { commandOf } from '../../../src/outside/command-of'

const table: readonly [argv: readonly string[], name: string, script: string | null][] = [
  [['node', 'server.js'], 'node', 'server.js'],
  [['/usr/bin/node', '--inspect', 'server.js', 'secret'], 'node', 'server.js'],
  [['node', '-r', 'nat-keepalive/register', 'server.js'], 'node', 'server.js'],
  [['node', '--import', './x.mjs', '--require=./y', 'server.js'], 'node', 'server.js'],
  [['python3', '-u', 'worker.py'], 'python3', 'worker.py'],
  [['psql', 'postgres://u:p@h/db'], 'psql', 'postgres://u:p@h/db'],
  [['sleep', ''], 'sleep', null],
  [['mysql', '-pSECRET'], 'mysql', null],
  [['nginx: worker process'], 'nginx: worker process', null],
  // A title of the program's own, with a URL in it.
  [['worker postgres://u:SECRET@h/db'], 'worker', null],
  [['worker redis://:SECRET@h:6379'], 'worker', null],
  [['redis://:SECRET@h'], '', null],
  [[], '', null],
]

t.test('the name of a program, and what may be its script', (t) => {
  for (const [argv, name, script] of table) {
    t.strictSame(commandOf(argv), { name, script }, argv.join(' '))
  }
  t.end()
})
