// The users of the server (design 5): made, changed, disabled and ended. Usernames are unique without regard to
// case; ids come from outside or are fresh snowflakes.
import { isUserId, type UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Account } from '../room/facts.ts'
import type { Row, Store, Write } from '../store/store.ts'
import { type AccountChange, checkAccount, emailKey, usernameKey } from './account-form.ts'
import type { Cache } from './cache.ts'
import { commit, type Proposal } from './commit.ts'
import type { Passwords, PasswordText } from './passwords.ts'
import { type IdentityRejection, isRefused } from './rejection.ts'

/** Names an account for look-ups; an e-mail address and a username are compared without regard to case. */
export type Who = { readonly id: string } | { readonly username: string } | { readonly email: string }

export interface NewAccount extends AccountChange {
  /** Absent: a fresh snowflake. */
  readonly id?: UserId
  readonly username: string
  readonly password?: PasswordText
}

export interface AccountsParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly ids: { next(): string }
  readonly passwords: Passwords
  readonly cache: Cache<Account>
  /** Tells every node that its copy of the account is old. */
  changed(user: UserId): void
  /** Closes every session of the user, on every node. */
  ended(user: UserId, reason: string): void
}

export class Accounts {
  readonly #parts: AccountsParts

  constructor(parts: AccountsParts) {
    this.#parts = parts
  }

  async find(who: Who): Promise<Account | undefined> {
    const { store, cache } = this.#parts
    if ('id' in who) return isUserId(who.id) ? cache.load(who.id) : undefined
    if ('username' in who) return store.accountNamed(usernameKey(who.username))
    return store.accountByEmail(emailKey(who.email))
  }

  async create(user: NewAccount): Promise<Account | IdentityRejection> {
    const { store, write, clock, ids, passwords } = this.#parts
    const refused = checkAccount(user)
    if (refused) return refused
    if (user.id !== undefined && !isUserId(user.id)) return malformedId()
    const hashed = user.password ? await passwords.hash(user.password) : undefined
    if (hashed && isRefused(hashed)) return hashed
    const id = user.id ?? (ids.next() as UserId)
    const created = await commit<Account>(write, async () => {
      if (await store.account(id)) return { rejected: 'user.exists', user: id }
      const account = changedAccount(blankAccount(id), user)
      const email = user.email ? emailKey(user.email) : null
      const taken = await this.#taken(account, email)
      if (taken) return taken
      const rows: Row[] = [{ put: 'account', account: withoutVersion(account), email, createdAt: clock.now() }]
      if (hashed) rows.push({ put: 'password', user: id, hash: hashed.hash })
      return { guards: [{ of: 'account', id, version: 0 }], rows, value: { ...account, version: 1 } }
    })
    if (!isRefused(created)) this.#parts.changed(id)
    return created
  }

  /**
   * Changes what `change` names; it may be a function of the account as it stands, which is asked again when a
   * race was lost. Nothing is written when nothing differs.
   */
  async change(
    id: UserId,
    change: AccountChange | ((account: Account) => AccountChange | IdentityRejection),
  ): Promise<Account | IdentityRejection> {
    return this.#write(id, async (account, email) => {
      const wanted = typeof change === 'function' ? change(account) : change
      if (isRefused(wanted)) return wanted
      return this.#proposal(account, email, wanted, [])
    })
  }

  /** No log-in and no request any more until enabled again; every session is closed. Nothing else is lost. */
  async disable(id: UserId, reason = 'account disabled'): Promise<Account | IdentityRejection> {
    const account = await this.change(id, { active: false })
    if (!isRefused(account)) this.#parts.ended(id, reason)
    return account
  }

  /**
   * The account's end: inactive, without password, tokens, address, roles and personal details. The id stays, so
   * that old events and keys stay verifiable (L9). Its memberships are the engine's to remove, before this.
   */
  async end(id: UserId): Promise<Account | IdentityRejection> {
    const account = await this.#write(id, async (account, email) => {
      const tokens = await this.#parts.store.tokensOf(id)
      const rows: Row[] = tokens.map(token => ({ drop: 'token', hash: token.hash }))
      rows.push({ put: 'password', user: id, hash: null })
      const username = `removed-${id}`
      const bare: AccountChange = { username, name: username, dinoName: '', active: false, email: null }
      return this.#proposal(account, email, { ...bare, roles: [], attributes: {}, excluded: [] }, rows)
    })
    if (!isRefused(account)) this.#parts.ended(id, 'account removed')
    return account
  }

  /** null: no log-in by password any more. Open sessions go on. */
  async setPassword(id: UserId, password: PasswordText | null): Promise<Account | IdentityRejection> {
    const hashed = password ? await this.#parts.passwords.hash(password) : { hash: null }
    if (isRefused(hashed)) return hashed
    return this.#write(id, async account => ({
      guards: [],
      rows: [{ put: 'password', user: id, hash: hashed.hash }],
      value: account,
    }))
  }

  async #write(
    id: UserId,
    decide: (account: Account, email: string | null) => Promise<Proposal<Account> | IdentityRejection>,
  ): Promise<Account | IdentityRejection> {
    const { store, write, cache } = this.#parts
    const before = cache.peek(id)?.version
    const result = await commit<Account>(write, async () => {
      // The address after the account: were it the other way round, a change between the two would be lost.
      const account = await store.account(id)
      if (!account) return { rejected: 'user.unknown' }
      return decide(account, await store.email(id))
    })
    if (!isRefused(result) && result.version !== before) this.#parts.changed(id)
    return result
  }

  async #proposal(
    account: Account,
    email: string | null,
    change: AccountChange,
    rows: readonly Row[],
  ): Promise<Proposal<Account> | IdentityRejection> {
    const refused = checkAccount(change)
    if (refused) return refused
    const next = changedAccount(account, change)
    const address = change.email === undefined ? email : change.email === null ? null : emailKey(change.email)
    if (address === email && JSON.stringify(next) === JSON.stringify(changedAccount(account, {})))
      return { guards: [], rows, value: account }
    const taken = await this.#taken(next, address)
    if (taken) return taken
    const put: Row = {
      put: 'account',
      account: withoutVersion(next),
      email: address,
      createdAt: this.#parts.clock.now(),
    }
    return {
      guards: [{ of: 'account', id: account.id, version: account.version }],
      rows: [put, ...rows],
      value: { ...next, version: account.version + 1 },
    }
  }

  /** Asked before the write for the reason's sake; that nobody was faster is the store's to say. */
  async #taken(account: Account, email: string | null): Promise<IdentityRejection | undefined> {
    const named = await this.#parts.store.accountNamed(usernameKey(account.username))
    if (named && named.id !== account.id) return { rejected: 'username.taken', username: account.username }
    const addressed = email === null ? undefined : await this.#parts.store.accountByEmail(email)
    return addressed && addressed.id !== account.id ? { rejected: 'email.taken' } : undefined
  }
}

function malformedId(): IdentityRejection {
  const text = 'must be decimal, without a leading zero and below 2^63'
  return { rejected: 'user.malformed', field: 'id', text }
}

function blankAccount(id: UserId): Account {
  const names = { username: '', name: '', dinoName: '' }
  return { id, version: 0, ...names, active: true, roles: [], sanctions: [], attributes: {}, excluded: [] }
}

function changedAccount(account: Account, change: AccountChange): Account {
  const username = change.username ?? account.username
  return {
    id: account.id,
    version: account.version,
    username,
    name: change.name ?? (account.name || username),
    dinoName: change.dinoName ?? account.dinoName,
    active: change.active ?? account.active,
    roles: change.roles ?? account.roles,
    sanctions: change.sanctions ?? account.sanctions,
    attributes: change.attributes ?? account.attributes,
    excluded: change.excluded ?? account.excluded,
  }
}

function withoutVersion({ version: _, ...account }: Account): Omit<Account, 'version'> {
  return account
}
