// Opaque tokens: 32 random bytes as text, of which only the SHA-256 is kept. One token of a user is good on every
// wire. A dead token closes every session that was opened with it, on every node (bus `end`).
import { hash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Sanction } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { sanctionOn } from '../room/state.ts'
import type { Row, Store, Token, Write } from '../store/store.ts'
import { Cache } from './cache.ts'
import { commit } from './commit.ts'
import { TOKEN_BYTES, TOKEN_ID, TOKEN_TEXT } from './limits.ts'
import type { IdentityRejection } from './rejection.ts'
import { USER_SCOPES } from './scopes.ts'

export interface NewToken {
  readonly kind: Token['kind']
  readonly user: UserId | null
  readonly app?: string | null
  /** Default: all that a user may do. */
  readonly scopes?: readonly string[]
  /** Public id of the token with which it ends. */
  readonly parent?: string | null
  /** The wire or command that makes it. */
  readonly issuer: string
  /** ms; null never runs out. */
  readonly lifetime: number | null
  /** A text from outside (a world's); absent: a fresh one. */
  readonly text?: string
}

export type Authentication =
  | { readonly token: Token; readonly account: Account | null }
  | { readonly refused: 'unknown' }
  | { readonly refused: 'expired' | 'inactive'; readonly token: Token }
  | { readonly refused: 'banned'; readonly token: Token; readonly sanction: Sanction }

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
  /** By public id, the beginning of the hash: what a bus `end` names is found without a search. */
  readonly #cache: Cache<Token>

  constructor(parts: TokensParts) {
    this.#parts = parts
    this.#cache = new Cache(async id => {
      const [token] = await parts.store.tokens(id, 1)
      return token?.id === id ? shared(token) : undefined
    })
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'end') return
      const { token, user } = message
      if (token !== null) this.#cache.forget(token)
      else if (user !== null) this.#cache.forgetWhere(held => held.user === user)
    })
  }

  /** A new token; its text is shown once and kept nowhere. A text from outside that is there already stays as it is. */
  async mint(wanted: NewToken): Promise<{ readonly text: string; readonly token: Token } | IdentityRejection> {
    const { random, store, write } = this.#parts
    const given = wanted.text
    if (given !== undefined && (given.length === 0 || given.length > TOKEN_TEXT))
      return { rejected: 'token.malformed', text: `must have 1 to ${TOKEN_TEXT} characters` }
    return commit(write, async () => {
      const text = given ?? Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
      const token = this.draft(wanted, text)
      const held = await store.token(token.hash)
      if (held) return isSameOwner(held, token) ? { guards: [], rows: [], value: { text, token: held } } : TAKEN
      const owner = token.user === null ? undefined : await store.account(token.user)
      if (token.user !== null && !owner) return { rejected: 'user.unknown' }
      // Under the account's version: an account that ends meanwhile gets no token behind its back.
      const guards = owner ? [{ of: 'account', id: owner.id, version: owner.version } as const] : []
      return { guards, rows: [{ put: 'token', token }], value: { text, token } }
    })
  }

  /** The row that `mint` writes, for who writes it with others. */
  draft(wanted: NewToken, text: string): Token {
    const hash = hashOf(text)
    const now = this.#parts.clock.now()
    return {
      hash,
      id: hash.slice(0, TOKEN_ID),
      kind: wanted.kind,
      user: wanted.user,
      app: wanted.app ?? null,
      scopes: wanted.scopes ?? USER_SCOPES,
      parent: wanted.parent ?? null,
      issuer: wanted.issuer,
      createdAt: now,
      expiresAt: wanted.lifetime === null ? null : now + wanted.lifetime,
    }
  }

  /** Whose token this is, if it is good now. */
  async authenticate(text: string): Promise<Authentication> {
    const token = await this.#find(text)
    return token ? this.#judge(token) : { refused: 'unknown' }
  }

  /** Whose refresh token this is, if it is good now. For everything else it is as good as none. */
  async refreshed(text: string): Promise<Authentication> {
    const found = await this.#find(text)
    return found?.kind === 'refresh' ? this.#judgeOwner(found) : { refused: 'unknown' }
  }

  /** The same from memory; undefined where the store has to be asked for some of it. */
  peek(text: string): Authentication | undefined {
    const token = this.#remembered(text)
    if (!token || token.kind === 'refresh' || (token.parent !== null && !this.#cache.peek(token.parent)))
      return undefined
    const account = token.user === null ? null : this.#parts.accounts.peek(token.user)
    return account === undefined ? undefined : judged(token, account, this.#parts.clock.now())
  }

  /** Whether the text is known without a look into the store. */
  remembers(text: string): boolean {
    return this.#remembered(text) !== undefined
  }

  #remembered(text: string): Token | undefined {
    if (text.length === 0 || text.length > TOKEN_TEXT) return undefined
    const hash = hashOf(text)
    const token = this.#cache.peek(hash.slice(0, TOKEN_ID))
    return token?.hash === hash ? token : undefined
  }

  /**
   * The same of a token that was good a moment ago. Asked again once a session is registered: an `end` that came
   * between the log-in and the registration found no session to close.
   */
  async again({ id, hash }: Token): Promise<Authentication> {
    const token = await this.#cache.load(id, () => this.#read(hash))
    return token?.hash === hash ? this.#judge(token) : { refused: 'unknown' }
  }

  /** By its public id. */
  find(id: string): Promise<Token | undefined> {
    return this.#cache.load(id)
  }

  /** All of a user's, those that ran out included. */
  of(user: UserId): Promise<readonly Token[]> {
    return this.#parts.store.tokensOf(user)
  }

  /** Ends tokens and every session that they opened. */
  async revoke(tokens: readonly Token[], reason: string): Promise<void> {
    if (tokens.length === 0) return
    const all = await this.withTheirs(tokens)
    await this.#parts.write({ guards: [], append: null, rows: dropped(all) })
    this.ended(all, reason)
  }

  /** These, and those that end with them. */
  async withTheirs(tokens: readonly Token[]): Promise<readonly Token[]> {
    const ids = new Set(tokens.map(({ id }) => id))
    const users = new Set(tokens.flatMap(({ user }) => user ?? []))
    const theirs: Token[] = []
    for (const user of users)
      for (const token of await this.#parts.store.tokensOf(user))
        if (token.parent !== null && ids.has(token.parent) && !ids.has(token.id)) theirs.push(token)
    return [...tokens, ...theirs]
  }

  /** Tells every node that tokens are gone, whose rows somebody dropped. */
  ended(tokens: readonly Pick<Token, 'id'>[], reason: string): void {
    for (const { id } of tokens) {
      this.#cache.forget(id)
      this.#parts.bus.publish('all', { kind: 'end', token: id, user: null, wire: null, reason })
    }
  }

  /** Drops tokens that ran out, page by page; gives how many. */
  async dropExpired(): Promise<number> {
    const { store, write, clock } = this.#parts
    let dropping = 0
    for (let after: string | null = null; ; ) {
      const page: readonly Token[] = await store.tokens(after, PAGE)
      const expired = page.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= clock.now())
      if (expired.length > 0) await write({ guards: [], append: null, rows: dropped(expired) })
      dropping += expired.length
      if (page.length < PAGE) return dropping
      after = page.at(-1)?.hash ?? null
    }
  }

  forget(): void {
    this.#cache.clear()
  }

  async #find(text: string): Promise<Token | undefined> {
    if (text.length === 0 || text.length > TOKEN_TEXT) return undefined
    const hash = hashOf(text)
    const token = await this.#cache.load(idOf(hash), () => this.#read(hash))
    return token?.hash === hash ? token : undefined
  }

  async #read(hash: string): Promise<Token | undefined> {
    const token = await this.#parts.store.token(hash)
    return token && shared(token)
  }

  async #judge(token: Token): Promise<Authentication> {
    return token.kind === 'refresh' ? { refused: 'unknown' } : this.#judgeOwner(token)
  }

  async #judgeOwner(token: Token): Promise<Authentication> {
    const now = this.#parts.clock.now()
    if (isOver(token, now)) return { refused: 'expired', token }
    if (token.parent !== null && !(await this.find(token.parent))) return { refused: 'unknown' }
    const account = token.user === null ? null : await this.#parts.accounts.load(token.user)
    return account === undefined ? { refused: 'unknown' } : judged(token, account, now)
  }
}

function isOver({ expiresAt }: Token, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

/** Of a token whose parent, if it has one, is there. `account`: null for a token of nobody's. */
function judged(token: Token, account: Account | null, now: number): Authentication {
  if (isOver(token, now)) return { refused: 'expired', token }
  if (account === null) return { token, account }
  if (!account.active) return { refused: 'inactive', token }
  const sanction = sanctionOn(account.sanctions, account.id, 'ban', now)
  return sanction ? { refused: 'banned', token, sanction } : { token, account }
}

const TAKEN: IdentityRejection = { rejected: 'token.exists' }
/** Tokens that are read at a time. */
const PAGE = 1_000

/** As it is remembered: the list of scopes that nearly all tokens have is one list. */
function shared(token: Token): Token {
  const same =
    token.scopes.length === USER_SCOPES.length && token.scopes.every((scope, at) => scope === USER_SCOPES[at])
  return same ? { ...token, scopes: USER_SCOPES } : token
}

/** The beginning of the hash, as a text of its own: a slice would keep the whole in memory. */
function idOf(hash: string): string {
  return Buffer.from(hash.slice(0, TOKEN_ID)).toString()
}

export function isSameOwner(a: Token, b: Token): boolean {
  return a.user === b.user && a.kind === b.kind && a.app === b.app
}

export function dropped(tokens: readonly Token[]): Row[] {
  return tokens.map(({ hash }) => ({ drop: 'token', hash }))
}

/** Hex SHA-256: what is kept of a token. A look-up by it tells nothing of other tokens, whatever its time. */
export function hashOf(text: string): string {
  return hash('sha256', text, 'hex')
}
