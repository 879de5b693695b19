// Live sessions of this node: one per authenticated socket. A session ends with its socket, with its token, or
// with its account, on whatever node that was said (bus `end`).
import type { UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Presence, SessionRef, Wire } from '../presence/presence.ts'

export interface Session extends SessionRef {
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
  readonly invisible: boolean
  readonly address: string
  readonly end: (reason: string) => void
}

export interface SessionsParts {
  readonly presence: Presence
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
}

/** ms between looks for sessions whose token has run out. */
const SWEEP = 10_000

export class Sessions {
  readonly #parts: SessionsParts
  readonly #open = new Map<string, Session>()
  readonly #sweeper: NodeJS.Timeout

  constructor(parts: SessionsParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => this.#receive(message))
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP)
    this.#sweeper.unref()
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

  /** Registers at once, so that an `end` that comes while others are told finds the session. */
  async open(opening: Opening): Promise<Session> {
    const id = Buffer.from(this.#parts.random.bytes(16)).toString('hex')
    const session: Session = { id, ...opening }
    this.#open.set(id, session)
    await this.#parts.presence.open(session)
    return session
  }

  /** The socket is gone. The rooms that its user has left with it are the caller's to announce (Occupancy.close). */
  forget(id: string): void {
    this.#open.delete(id)
  }

  /** Ends every session, as a stop does. */
  endAll(reason: string): void {
    clearInterval(this.#sweeper)
    for (const session of [...this.#open.values()]) session.end(reason)
  }

  #receive(message: BusMessage): void {
    if (message.kind !== 'end') return
    const { token, user, wire, reason } = message
    if (token === null && user === null) return
    for (const session of [...this.#open.values()]) {
      if (token !== null && session.token !== token) continue
      if (user !== null && session.user !== user) continue
      if (wire !== null && session.wire !== wire) continue
      session.end(reason)
    }
  }

  #sweep(): void {
    const now = this.#parts.clock.now()
    for (const session of [...this.#open.values()]) {
      if (session.expiresAt !== null && session.expiresAt <= now) session.end('token expired')
    }
  }
}
