// Users who are kept online without a connection (dino.md section 8): the site beats for them. A user's first beat opens a
// session that has no socket; it ends when no beat has come for a while, or like any other by a ban.
import type { UserId } from '@conclave/wire'
import type { Session } from '../../../engine/sessions.ts'
import type { GatewayParts } from '../../gateway.ts'
import { tellLogin } from '../external.ts'
import { HEARTBEAT, HEARTBEAT_INTERVAL, HEARTBEATS } from './limits.ts'

interface Beating {
  /** ms since 1970 of the last beat. */
  at: number
  /** null while it is being opened. */
  session: Session | null
}

export class Heartbeats {
  readonly #parts: GatewayParts
  readonly #beating = new Map<UserId, Beating>()
  #timer: NodeJS.Timeout | null = null

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** Whoever is not there, or may not be, is left out. */
  async beat(users: readonly string[]): Promise<void> {
    const { identity, clock } = this.#parts
    for (const id of users) {
      const account = await identity.users.find({ id })
      if (!account?.active) continue
      const known = this.#beating.get(account.id)
      if (known) known.at = clock.now()
      else if (this.#beating.size < HEARTBEATS) await this.#open(account.id)
    }
    this.#timer ??= setInterval(() => this.#sweep(), HEARTBEAT_INTERVAL)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    for (const user of [...this.#beating.keys()]) await this.#end(user)
  }

  async #open(user: UserId): Promise<void> {
    const { sessions, identity, presence, clock } = this.#parts
    const beating: Beating = { at: clock.now(), session: null }
    this.#beating.set(user, beating)
    let isBeating = false
    try {
      // Beats come to whatever node: where another one has opened such a session, nobody is told once more.
      isBeating = (await presence.sessionsOf(user)).some(({ wire, token }) => wire === 'dino' && token === null)
      const end = (): void => this.#sayEnd(user)
      const opening = { user, wire: 'dino', token: null, expiresAt: null, address: '', end } as const
      beating.session = await sessions.open(opening)
    } catch (error) {
      this.#beating.delete(user)
      throw error
    }
    const account = isBeating ? undefined : await identity.users.find({ id: user })
    if (account) tellLogin({ parts: this.#parts }, account)
  }

  #sweep(): void {
    const oldest = this.#parts.clock.now() - HEARTBEAT
    for (const [user, { at }] of this.#beating) if (at <= oldest) this.#sayEnd(user)
    if (this.#beating.size > 0 || !this.#timer) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #sayEnd(user: UserId): void {
    this.#end(user).catch(error => this.#parts.log.error({ wire: 'dino', err: error }, 'bug at a last beat'))
  }

  async #end(user: UserId): Promise<void> {
    const session = this.#beating.get(user)?.session
    this.#beating.delete(user)
    if (session) await this.#parts.occupancy.close(session)
  }
}
