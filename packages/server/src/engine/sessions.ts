// Live sessions of this node: one per authenticated socket. A session ends with its socket, with its token, or
// with its account, on whatever node that was said (bus `end`).
import type { UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import type { Presence, SessionRef, Wire } from '../presence/presence.ts'
import { sanctionOn } from '../room/state.ts'

export interface Session extends SessionRef {
  /** Its user had no other session when it opened, on any wire. */
  readonly first: boolean
  /** ms since 1970 at which its token runs out; null never. */
  readonly expiresAt: number | null
  readonly address: string
  /** Closes the socket with its wire's own code. Must not throw; may be called more than once. */
  end(reason: string): void
}

export interface Opening {
  readonly user: UserId
  readonly wire: Wire
  /** The token's public id; null where the session has none. */
  readonly token: string | null
  readonly expiresAt: number | null
  readonly address: string
  readonly end: (reason: string) => void
}

export interface SessionsParts {
  readonly presence: Presence
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly identity: Identity
}

/** ms between looks for sessions whose token has run out. */
const SWEEP = 10_000
/** ms for which an ended token is remembered: far longer than any log-in takes. */
const REMEMBERED = 60_000
/** Ended tokens that are remembered. */
const ENDED = 10_000

export class Sessions {
  readonly #parts: SessionsParts
  readonly #open = new Map<string, Session>()
  /** Tokens that ended lately, and when (ms since 1970): a log-in with one of them may still be on its way. */
  readonly #ended = new Map<string, number>()
  readonly #sweeper: NodeJS.Timeout
  #appeared: ((session: Session) => void) | null = null

  constructor(parts: SessionsParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => this.#receive(message))
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP)
    this.#sweeper.unref()
  }

  /** Who acts when a user's first session has opened on this node. Must not throw. */
  onFirst(appeared: (session: Session) => void): void {
    this.#appeared = appeared
  }

  get count(): number {
    return this.#open.size
  }

  countOf(wire: Wire): number {
    let count = 0
    for (const session of this.#open.values()) if (session.wire === wire) count += 1
    return count
  }

  get(id: string): Session | undefined {
    return this.#open.get(id)
  }

  /**
   * Registers at once, so that an `end` that comes while others are told finds the session. One that came between the
   * log-in and this found none, so what the log-in saw is looked at again; the session is then ended a turn later, when
   * its gateway has it.
   */
  async open(opening: Opening): Promise<Session> {
    const id = Buffer.from(this.#parts.random.bytes(16)).toString('hex')
    const session = { id, ...opening, first: false }
    this.#open.set(id, session)
    try {
      // What concerns the user from here on is heard, on whatever node it happens; and what is remembered of them is new.
      await this.#parts.bus.follow(`user:${session.user}`)
      session.first = await this.#enroll(session)
      const reason = await this.#endedMeanwhile(session)
      if (reason !== null) setImmediate(() => session.end(reason))
      else if (session.first) {
        this.#parts.bus.publish('all', { kind: 'presence', user: session.user })
        this.#appeared?.(session)
      }
    } catch (error) {
      this.#open.delete(id)
      await this.#parts.presence.close(id).catch(() => {})
      throw error
    }
    return session
  }

  /** Who was invisible the last time is so from the first moment. */
  async #enroll(session: Session): Promise<boolean> {
    const { identity, presence } = this.#parts
    const before = await identity.accounts.load(session.user)
    const { first } = await presence.open(session, before?.invisible ? 'invisible' : 'online')
    const now = await identity.accounts.load(session.user)
    if (first && now && now.invisible !== (before?.invisible ?? false))
      await presence.setStatus(session.user, now.invisible ? 'invisible' : 'online')
    return first
  }

  async #endedMeanwhile({ user, token, expiresAt }: Session): Promise<string | null> {
    const { identity, clock } = this.#parts
    const account = await identity.accounts.load(user)
    const now = clock.now()
    if (!account?.active || sanctionOn(account.sanctions, user, 'ban', now)) return 'account ended'
    const revoked = token !== null && (this.#ended.get(token) ?? 0) > now - REMEMBERED
    return revoked || (expiresAt !== null && expiresAt <= now) ? 'token ended' : null
  }

  /** The socket is gone. The rooms that its user has left with it are the caller's to announce (Occupancy.close). */
  forget(id: string): void {
    this.#open.delete(id)
  }

  /** Ends every session, as a stop does. */
  endAll(reason: string): void {
    clearInterval(this.#sweeper)
    this.cut(reason)
  }

  /** Ends every session that there is now. */
  cut(reason: string): void {
    for (const session of [...this.#open.values()]) session.end(reason)
  }

  #receive(message: BusMessage): void {
    if (message.kind !== 'end') return
    const { token, user, wire, reason } = message
    if (token === null && user === null) return
    if (token !== null) this.#remember(token)
    for (const session of [...this.#open.values()]) {
      if (token !== null && session.token !== token) continue
      if (user !== null && session.user !== user) continue
      if (wire !== null && session.wire !== wire) continue
      session.end(reason)
    }
  }

  #remember(token: string): void {
    this.#ended.delete(token)
    this.#ended.set(token, this.#parts.clock.now())
    const oldest = this.#ended.keys().next()
    if (this.#ended.size > ENDED && !oldest.done) this.#ended.delete(oldest.value)
  }

  #sweep(): void {
    const now = this.#parts.clock.now()
    for (const [token, at] of this.#ended) if (at <= now - REMEMBERED) this.#ended.delete(token)
    for (const session of [...this.#open.values()]) {
      if (session.expiresAt !== null && session.expiresAt <= now) session.end('token expired')
    }
  }
}
