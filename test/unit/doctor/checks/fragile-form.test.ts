import t from 'tap'
import { fragility } from '../../../../src/doctor/checks/fragile-form'
import { parseNodeOptions, preloadsOf } from '../../../../src/doctor/checks/node-options'

/** O is the one that is asked about, X another. */
const table: readonly [options: string, fragile: RegExp | null][] = [
  ['--require O', null],
  ['--require=O', null],
  ['--import O', null],
  ['--import=O', null],
  ['-r O', /--r for -r/],
  ['--require=O --require X', null],
  ['--require=O --require=X', null],
  ['--require=O -r X', null],
  ['--require=O --import X', null],
  ['--require O --import X', null],
  ['--import O --require X', null],
  ['--require X --import=O', null],
  ['--require O --require X', /another --require/],
  ['--require O -r X', /another --require/],
  ['--require X --require O', /another --require/],
  ['--require X --require=O', /another --require/],
  ['--require=X --require=O', /another --require/],
  ['-r X --require=O', /another --require/],
  ['--import X --import=O', /another --import/],
  ['-r O --require=X', /--r for -r/],
]

t.test('the forms that not everything hands on', (t) => {
  for (const [options, fragile] of table) {
    const { preloads } = preloadsOf(parseNodeOptions(options))
    const index = preloads.findIndex(({ specifier }) => specifier === 'O')
    const found = fragility(preloads, index)
    if (fragile === null) t.equal(found, null, options)
    else t.match(found, fragile, options)
  }
  t.equal(fragility([], 0), null)
  t.end()
})
