import t from 'tap'
import { buildLabs } from '../../../src/demo/nat'
import { type createLab, type Lab, LabUnavailable } from '../../../src/lab/lab'

t.test('where one NAT cannot be built, the other is closed', async (t) => {
  let closed = 0
  const half = (error: Error): typeof createLab => {
    return async ({ expiry } = {}) => {
      if (expiry === 'drop') throw error
      return { close: async () => void closed++ } as unknown as Lab
    }
  }
  t.equal(await buildLabs(half(new LabUnavailable('Not here.'))), 'Not here.')
  t.equal(closed, 1)
  await t.rejects(buildLabs(half(new Error('Unexpected.'))), { message: 'Unexpected.' })
  t.equal(closed, 2)
})
