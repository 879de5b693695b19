// Opaque tokens: 32 random bytes as text, of which only the SHA-256 is kept. One token of a user is good on every
// wire. A dead token closes every session that was opened with it, on every node (bus `end`).
import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Sanction } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { sanctionOn } from '../room/state.ts'
import type { Store, Token, Write } from '../store/store.ts'
import { Cache } from './cache.ts'
import { TOKEN_BYTES, TOKEN_ID, TOKEN_TEXT } from './limits.ts'
import type { IdentityRejection } from './rejection.ts'
import { USER_SCOPES } from './scopes.ts'

export interface NewToken {
  readonly kind: Token['kind']
  readonly user: UserId | null
  readonly app?: string | null
  /** Default: all that a user may do. */
  readonly scopes?: readonly string[]
  /** The wire or command that makes it. */
  readonly issuer: string
  /** ms; null never runs out. */
  readonly lifetime: number | null
  /** A text from outside (a world's); absent: a fresh one. */
  readonly text?: string
}

export type Authentication =
  | { readonly token: Token; readonly account: Account | null }
  | { readonly refused: 'unknown' | 'expired' | 'inactive' }
  | { readonly refused: 'banned'; readonly sanction: Sanction }

export interface TokensParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly random: Random
  readonly bus: Bus
  readonly accounts: Cache<Account>
}

export class Tokens {
  readonly #parts: TokensParts
  readonly #cache: Cache<Token>

  constructor(parts: TokensParts) {
    this.#parts = parts
    this.#cache = new Cache(hash => parts.store.token(hash))
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'end') return
      const { token, user } = message
      this.#cache.forgetWhere(held => (token !== null && held.id === token) || (user !== null && held.user === user))
    })
  }

  /** A new token; its text is shown once and kept nowhere. */
  async mint(wanted: NewToken): Promise<{ readonly text: string; readonly token: Token } | IdentityRejection> {
    const { clock, random, store, write } = this.#parts
    const text = wanted.text ?? Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
    const hash = hashOf(text)
    const now = clock.now()
    const token: Token = {
      hash,
      id: hash.slice(0, TOKEN_ID),
      kind: wanted.kind,
      user: wanted.user,
      app: wanted.app ?? null,
      scopes: wanted.scopes ?? USER_SCOPES,
      issuer: wanted.issuer,
      createdAt: now,
      expiresAt: wanted.lifetime === null ? null : now + wanted.lifetime,
    }
    const held = await store.token(hash)
    if (held && (held.user !== token.user || held.kind !== token.kind || held.app !== token.app))
      return { rejected: 'token.exists' }
    if (held) return { text, token: held }
    await write({ guards: [], append: null, rows: [{ put: 'token', token }] })
    return { text, token }
  }

  /** Whose token this is, if it is good now. */
  async authenticate(text: string): Promise<Authentication> {
    if (text.length === 0 || text.length > TOKEN_TEXT) return { refused: 'unknown' }
    const token = await this.#cache.load(hashOf(text))
    if (!token) return { refused: 'unknown' }
    const now = this.#parts.clock.now()
    if (token.expiresAt !== null && token.expiresAt <= now) return { refused: 'expired' }
    if (token.user === null) return { token, account: null }
    const account = await this.#parts.accounts.load(token.user)
    if (!account) return { refused: 'unknown' }
    if (!account.active) return { refused: 'inactive' }
    const sanction = sanctionOn(account.sanctions, account.id, 'ban', now)
    return sanction ? { refused: 'banned', sanction } : { token, account }
  }

  /** Ends tokens and every session that they opened. */
  async revoke(tokens: readonly Token[], reason: string): Promise<void> {
    if (tokens.length === 0) return
    const { write, bus } = this.#parts
    await write({ guards: [], append: null, rows: tokens.map(token => ({ drop: 'token', hash: token.hash })) })
    for (const token of tokens) {
      this.#cache.forget(token.hash)
      bus.publish('all', { kind: 'end', token: token.id, user: null, wire: null, reason })
    }
  }

  forget(): void {
    this.#cache.clear()
  }
}

/** Hex SHA-256: what is kept of a token. A look-up by it tells nothing of other tokens, whatever its time. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
