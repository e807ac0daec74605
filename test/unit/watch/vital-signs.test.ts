import net, { type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type Entry, Registry } from '../../../src/connections/registry'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { parseConfig } from '../../../src/settings/config'
import type { Asker } from '../../../src/watch/asker'
import { VitalSigns } from '../../../src/watch/vital-signs'
import { fires } from '../../kernel-words'
import { connected, listen } from '../../loopback'
import { protection } from '../../standard-protection'

const { config } = parseConfig({})
const well = fires(40_000)
/** Six probes in 90 s, without an answer. */
const dying = fires(1_000, { unansweredProbes: 6, lastAnswerMs: 135_000, passing: true })

/** Vital signs of real connections to one place, whose words are those that are put here. */
async function bench(t: Test) {
  const told: string[] = []
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.name === 'NatKeepaliveWarning') told.push(`${warning.code}: ${warning.message}`)
  }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const registry = new Registry()
  const words = new Map<Socket, KernelWord>()
  let asked = 0
  const asker = {
    pause: setImmediate,
    ask: async () => {
      asked++
      return { of: (socket: Socket) => words.get(socket) ?? well, skipped: 0 }
    },
  } as unknown as Asker
  const signs = new VitalSigns(registry, config, createProcFs('/proc'), asker)
  const port = await listen(t)
  const open = async (word: KernelWord) => {
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    const endpoint = { host: '127.0.0.1', port }
    const entry: Entry = registry.add(socket, endpoint, null, protection, undefined)
    entry.activeAt -= 180_000
    words.set(socket, word)
    return { entry, socket, idleMs: 180_000 }
  }
  /** What has been told, once warnings had their turn. */
  const heard = async () => {
    await new Promise(setImmediate)
    return told
  }
  return { signs, words, open, heard, asked: () => asked }
}

t.test('with nothing quiet the kernel is not asked', async (t) => {
  const { signs, asked } = await bench(t)
  await signs.look([])
  t.equal(asked(), 0)
  t.equal(signs.alarmed, false)
})

t.test('what nobody answers any more is told of once, until it has ended', async (t) => {
  const { signs, words, open, heard } = await bench(t)
  const quiet = [await open(dying), await open(dying)]
  await signs.look(quiet)
  await signs.look(quiet)
  t.match(await heard(), [/^NKA205: /])
  t.equal((await heard()).length, 1, 'one warning for both, at the first look')
  t.equal(signs.count, 1)
  t.equal(signs.alarmed, true)
  for (const { socket } of quiet) words.set(socket, well)
  await signs.look(quiet)
  t.equal(signs.alarmed, false)
  for (const { socket } of quiet) words.set(socket, dying)
  await signs.look(quiet)
  t.equal((await heard()).length, 2, 'another episode')
})

t.test('another connection to the same place is a witness', async (t) => {
  const alone = await bench(t)
  await alone.signs.look([await alone.open(dying)])
  const [without = ''] = await alone.heard()
  const both = await bench(t)
  const answered = fires(40_000, { lastAnswerMs: 5_000 })
  await both.signs.look([await both.open(dying), await both.open(answered)])
  const [withWitness = ''] = await both.heard()
  t.match(withWitness, /^NKA205: /)
  t.not(
    withWitness.replace(/127\.0\.0\.1:\d+/g, ''),
    without.replace(/127\.0\.0\.1:\d+/g, ''),
    'what it got is a part of the text',
  )
})

t.test('a socket that was closed while the kernel was asked is not told of', async (t) => {
  const { signs, open, heard } = await bench(t)
  const quiet = await open(dying)
  quiet.socket.destroy()
  await signs.look([quiet])
  t.strictSame(await heard(), [])
})
