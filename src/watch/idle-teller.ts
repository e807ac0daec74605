import { channels } from '../findings/channels'
import { emit } from '../findings/emit'
import { idleFinding } from '../findings/idle-finding'
import { type IdleMessage, messageOf } from '../findings/messages'
import { publish } from '../findings/publish'
import { groupKey, type IdleSummary } from '../judge/idle-groups'
import { ToldPlaces } from '../judge/told-places'
import { createDebug } from '../process/debug'
import type { Config } from '../settings/config'

/**
 * Tells of idle connections. That nothing is wrong (NKA201) is told once for each destination and
 * opening place in the life of a process; the channel and DEBUG have every episode.
 */
export class IdleTeller {
  readonly #config: Config
  readonly #debug = createDebug('idle')
  readonly #reassured = new ToldPlaces()
  #saidWhy = false

  constructor(config: Config) {
    this.#config = config
  }

  /** Says whether there was a warning. */
  tell(summary: IdleSummary): boolean {
    const finding = idleFinding(summary, this.#config, !this.#saidWhy)
    this.#debug('%s', finding.text)
    publish(channels.idle, () => messageOf(finding) as IdleMessage)
    if (finding.code === 'NKA201') {
      if (!this.#reassured.isFirst(groupKey(summary.destination, summary.opener))) return false
      if (summary.unseen > 0) this.#saidWhy = true
    }
    emit(finding, this.#config.format)
    return true
  }
}
