// Users who are kept online without a connection (dino.md section 8): the site beats for them. A user's first beat opens a
// session of its own that has no socket; it ends when no beat has come for a while.
import type { UserId } from '@conclave/wire'
import type { GatewayParts } from '../../gateway.ts'
import { HEARTBEAT, HEARTBEAT_INTERVAL, HEARTBEATS } from './limits.ts'

export class Heartbeats {
  readonly #parts: GatewayParts
  /** ms since 1970 of the last beat. */
  readonly #beats = new Map<UserId, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** Whoever is not there, or may not be, is left out. */
  async beat(users: readonly string[]): Promise<void> {
    const { identity, presence, clock } = this.#parts
    for (const id of users) {
      const account = await identity.users.find({ id })
      if (!account?.active || (this.#beats.size >= HEARTBEATS && !this.#beats.has(account.id))) continue
      const first = !this.#beats.has(account.id)
      this.#beats.set(account.id, clock.now())
      if (!first) continue
      const session = { id: sessionOf(account.id), user: account.id, wire: 'dino', token: null } as const
      await presence.open(session, account.invisible ? 'invisible' : 'online')
    }
    this.#timer ??= setInterval(() => void this.#sweep(), HEARTBEAT_INTERVAL)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    for (const user of this.#beats.keys()) await this.#parts.presence.close(sessionOf(user))
    this.#beats.clear()
  }

  async #sweep(): Promise<void> {
    const { clock, presence, log } = this.#parts
    const oldest = clock.now() - HEARTBEAT
    for (const [user, at] of this.#beats) {
      if (at > oldest) continue
      this.#beats.delete(user)
      await presence
        .close(sessionOf(user))
        .catch(error => log.error({ wire: 'dino', err: error }, 'bug at a last beat'))
    }
    if (this.#beats.size > 0 || !this.#timer) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}

function sessionOf(user: UserId): string {
  return `hb-${user}`
}
