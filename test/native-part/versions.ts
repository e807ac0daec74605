import { join } from 'node:path'
import t from 'tap'
import { ensureBinaries, isSince } from '../matrix/binaries'
import { root, runNode } from '../run-node'
import { assertWork, work } from './assert-work'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.

const load = join(root, 'test/native-part/programs/load.cjs')

/** The flag of the permission model; null where there is none. */
function permissionFlag(version: string): string | null {
  if (isSince(version, '24.0.0')) return '--permission'
  return isSince(version, '20.0.0') ? '--experimental-permission' : null
}

t.test('the native part, under every Node', async (t) => {
  t.jobs = 2
  const binaries = await ensureBinaries()
  const all = binaries.map(({ version, node }) =>
    t.test(`Node ${version}`, { buffered: true }, async (t) => {
      assertWork(t, await runNode([work, 'worker'], { node }), 3)

      const said = async (args: string[], env = {}) => {
        const { code, signal, stdout } = await runNode([...args, load], { node, env })
        return [code, signal, stdout].join()
      }
      const disabled = '0,,Node was started with --no-addons\n'
      t.equal(await said(['--no-addons']), disabled)
      t.equal(await said([], { NODE_OPTIONS: '--no-addons' }), disabled)
      const flag = permissionFlag(version)
      if (flag === null) return
      const allowed = [flag, '--allow-fs-read=*', '--no-warnings']
      const refused = "0,,Node's permission model allows no addons here: it takes --allow-addons\n"
      t.equal(await said(allowed), refused, flag)
      if (!isSince(version, '22.0.0')) return
      t.equal(await said([...allowed, '--allow-addons']), '0,,loaded\n', '--allow-addons')
    }),
  )
  await Promise.all(all)
  t.ok(binaries.length > 5, `${binaries.length} versions`)
})
