// Whether a user lets an app read what concerns them: by a live token that was given to this app with that scope, or as
// the app's owner, for that is the operator's own bot. Asked when a subscription is made and again at each delivery.
import type { UserId } from '@conclave/wire'
import type { Bus } from '../../../bus/bus.ts'
import type { Clock } from '../../../clock.ts'
import type { Identity } from '../../../identity/identity.ts'
import type { Scope } from '../../../identity/scopes.ts'
import { CONSENT, CONSENTS } from './limits.ts'

interface Parts {
  readonly identity: Identity
  readonly clock: Clock
  readonly bus: Bus
}

export class Consents {
  readonly #parts: Parts
  /** Those that were found to hold, and until when that is believed. */
  readonly #held = new Map<string, number>()
  /** Counts the ends of tokens: what was looked up before one is not remembered. */
  #ends = 0

  constructor(parts: Parts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'end') return
      this.#ends += 1
      this.#held.clear()
    })
  }

  async holds(app: string, user: UserId, scope: Scope): Promise<boolean> {
    const { identity, clock } = this.#parts
    const key = JSON.stringify([app, user, scope])
    const now = clock.now()
    const until = this.#held.get(key)
    if (until !== undefined && until > now) return true
    const ends = this.#ends
    const record = await identity.app(app)
    if (!record) return false
    let ends_at = record.owner === user ? now + CONSENT : 0
    for (const token of record.owner === user ? [] : await identity.tokens.of(user)) {
      const given =
        token.app === app && (token.kind === 'user' || token.kind === 'refresh') && token.scopes.includes(scope)
      if (given) ends_at = Math.max(ends_at, Math.min(token.expiresAt ?? now + CONSENT, now + CONSENT))
    }
    if (ends_at <= now) return false
    if (ends === this.#ends) this.#remember(key, ends_at)
    return true
  }

  #remember(key: string, until: number): void {
    this.#held.delete(key)
    const oldest = this.#held.keys().next()
    if (this.#held.size >= CONSENTS && !oldest.done) this.#held.delete(oldest.value)
    this.#held.set(key, until)
  }
}
