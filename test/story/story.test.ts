import t, { type Test } from 'tap'
import { createLab } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { ensurePackages } from '../packages'
import { type Case, cases } from './cases'
import { createStage } from './stage'
import { type Expiry, type Outcome, problemWith, problemWithout } from './verdict'

const limits = [...new Set(cases.map((one) => one.limitSeconds))]
const expiries: Expiry[] = ['reset', 'drop']

if (needLab(t)) {
  const packages = ensurePackages(__dirname)
  // All of it is waiting, so the gateways wait at the same time, and so do the clients behind each.
  t.jobs = limits.length * expiries.length + 1

  for (const limitSeconds of limits) {
    for (const expiry of expiries) {
      const gateway = { limitSeconds, expiry }
      const name = `a gateway that forgets after ${limitSeconds} s (${expiry})`
      t.test(name, { buffered: true }, async (t) => {
        const behind = cases.filter((one) => one.limitSeconds === limitSeconds)
        const play = await open(t, gateway, behind, await packages)
        await Promise.all(
          behind.map(async (one) => {
            const [without, hooked] = await Promise.all([play(one, false), play(one, true)])
            const { name } = without
            t.equal(problemWithout(one, expiry, without.outcome), null, `${name}: ${one.without}`)
            t.equal(problemWith(one, hooked.outcome), null, `${name}: answered with the hook`)
          }),
        )
      })
    }
  }

  const control = 'a gateway that forgets nothing fails the half without the hook'
  t.test(control, { buffered: true }, async (t) => {
    const gateway = { limitSeconds: 600, expiry: 'reset' } as const
    const behind = cases.filter((one) => one.without !== 'survives')
    const play = await open(t, gateway, behind, await packages)
    await Promise.all(
      behind.map(async (one) => {
        const { name, outcome } = await play(one, false)
        t.equal(problemWith(one, outcome), null, `${name}: answered without the hook`)
        for (const expiry of expiries) {
          const problem = problemWithout(one, expiry, outcome)
          t.match(problem, /^should have/, `${name}: and that is a finding (${expiry})`)
        }
      }),
    )
  })
}

/** Opens a lab with the servers of these cases, and returns what plays one of them in it. */
async function open(
  t: Test,
  gateway: { limitSeconds: number; expiry: Expiry },
  behind: readonly Case[],
  nodePath: string,
) {
  const lab = await createLab(gateway)
  t.teardown(() => lab.close())
  const stage = createStage(lab, nodePath)
  const kinds = [...new Set(behind.map((one) => one.server))]
  const ready = kinds.map(async (kind) => [kind, await stage.serve(kind)] as const)
  const servers = Object.fromEntries(await Promise.all(ready))
  return async (one: Case, hook: boolean): Promise<{ name: string; outcome: Outcome }> => {
    const server = servers[one.server]
    if (!server) throw new Error(`There is no ${one.server} server.`)
    const outcome = await stage.perform(one, server, hook)
    return { name: `${one.client} and ${server.kind}, ${one.mode}`, outcome }
  }
}
