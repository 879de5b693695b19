// The users of the server (design 5): made, changed, disabled and ended. Usernames are unique without regard to
// case; ids come from outside or are fresh snowflakes.
import { isUserId, type UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Account } from '../room/facts.ts'
import type { Row, Store, Write } from '../store/store.ts'
import { blankAccount, changedAccount, guardOf, isAdmitted, withoutVersion } from './account.ts'
import { type AccountChange, checkAccount, checkReserved, emailKey, REMOVED, usernameKey } from './account-form.ts'
import type { Cache } from './cache.ts'
import { commit, type Proposal } from './commit.ts'
import { OWN_CHANGE_REST, WAITING_CHANGES } from './limits.ts'
import type { Passwords, PasswordText } from './passwords.ts'
import { type IdentityRejection, isRefused } from './rejection.ts'
import { dropped } from './tokens.ts'
import { Turns } from './turns.ts'

/** Names an account for look-ups; an e-mail address and a username are compared without regard to case. */
export type Who = { readonly id: string } | { readonly username: string } | { readonly email: string }

export interface NewAccount extends AccountChange {
  /** Absent: a fresh snowflake. */
  readonly id?: UserId
  readonly username: string
  readonly password?: PasswordText
}

/** Rows of the same item, read anew each time it is decided; a refusal refuses the whole. */
export type Beside = (account: Account) => Promise<Pick<Proposal<unknown>, 'guards' | 'rows'> | IdentityRejection>

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
  /** What users change of themselves, one after the other and with a rest between. */
  readonly #own = new Turns(WAITING_CHANGES)

  constructor(parts: AccountsParts) {
    this.#parts = parts
  }

  async find(who: Who): Promise<Account | undefined> {
    const { store, cache } = this.#parts
    if ('id' in who) return isUserId(who.id) ? cache.load(who.id) : undefined
    if ('username' in who) return store.accountNamed(usernameKey(who.username))
    return store.accountByEmail(emailKey(who.email))
  }

  async create(user: NewAccount, beside: Beside = nothing): Promise<Account | IdentityRejection> {
    const { store, write, clock, ids, passwords } = this.#parts
    const refused = checkAccount(user) ?? checkReserved(user)
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
      const more = await beside(account)
      if (isRefused(more)) return more
      return {
        guards: [{ of: 'account', id, version: 0 }, ...more.guards],
        rows: [...rows, ...more.rows],
        value: { ...account, version: 1 },
      }
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
    beside: Beside = nothing,
  ): Promise<Account | IdentityRejection> {
    return this.#write(id, async (account, email) => {
      const wanted = typeof change === 'function' ? change(account) : change
      if (isRefused(wanted)) return wanted
      const more = await beside(account)
      if (isRefused(more)) return more
      const proposal = checkReserved(wanted, account) ?? (await this.#proposal(account, email, wanted, more.rows))
      if (isRefused(proposal) || more.rows.length === 0) return proposal
      // Also where the account itself stays as it is: what lies beside it was decided on this version.
      const own = proposal.guards.length === 0 ? [guardOf(account)] : proposal.guards
      return { ...proposal, guards: [...own, ...more.guards] }
    })
  }

  /**
   * The same by the user, as often as they like. Of many at once all hold; and since whoever judges a user (a kick, a ban)
   * names the version of their account, each is followed by a rest in which that version stands.
   */
  changeOwn(
    id: UserId,
    change: AccountChange | ((account: Account) => AccountChange | IdentityRejection),
    beside: Beside = nothing,
  ): Promise<Account | IdentityRejection> {
    return this.#inTurn(id, () => this.change(id, change, beside))
  }

  #inTurn(id: UserId, work: () => Promise<Account | IdentityRejection>): Promise<Account | IdentityRejection> {
    return this.#own.run(id, work, OWN_CHANGE_REST) ?? Promise.resolve({ rejected: 'busy' })
  }

  /** No log-in and no request any more until enabled again; every session is closed. Nothing else is lost. */
  disable(id: UserId): Promise<Account | IdentityRejection> {
    return this.change(id, { active: false })
  }

  /**
   * The account's end: inactive, without password, tokens, address, roles and personal details. The id stays, so
   * that old events and keys stay verifiable (L9). Its memberships are the engine's to remove, before this.
   */
  async end(id: UserId): Promise<Account | IdentityRejection> {
    const account = await this.#write(id, async (account, email) => {
      const rows: Row[] = dropped(await this.#parts.store.tokensOf(id))
      for (const kind of SECRETS)
        for (const { key } of await this.#parts.store.documents(kind, { owner: id, limit: ALL }))
          rows.push({ drop: 'document', kind, key })
      rows.push({ put: 'password', user: id, hash: null })
      const username = `${REMOVED}${id}`
      const bare: AccountChange = { username, name: username, dinoName: '', active: false, email: null }
      return this.#proposal(account, email, { ...bare, ...BARE }, rows)
    })
    // Once more after `#write`: it is the tokens' end too.
    if (!isRefused(account)) this.#parts.ended(id, 'account removed')
    return account
  }

  /** null: no log-in by password any more. Open sessions go on. */
  async setPassword(id: UserId, password: PasswordText | null): Promise<Account | IdentityRejection> {
    const hashed = password ? await this.#parts.passwords.hash(password) : { hash: null }
    if (isRefused(hashed)) return hashed
    return this.#write(id, async account => ({
      guards: [guardOf(account)],
      rows: [{ put: 'password', user: id, hash: hashed.hash }],
      value: account,
    }))
  }

  /**
   * Writes rows of the user's own that nobody else may write at the same time: the account gets its next version with
   * them, so that of two who saw the same one is asked again.
   */
  async alone(
    id: UserId,
    decide: (account: Account) => Promise<readonly Row[] | IdentityRejection>,
  ): Promise<Account | IdentityRejection> {
    return this.#inTurn(id, () =>
      this.#write(id, async (account, email) => {
        const rows = await decide(account)
        if (!('length' in rows)) return rows
        return rows.length === 0 ? { guards: [], rows, value: account } : this.#put(account, account, email, rows)
      }),
    )
  }

  async #write(
    id: UserId,
    decide: (account: Account, email: string | null) => Promise<Proposal<Account> | IdentityRejection>,
  ): Promise<Account | IdentityRejection> {
    const { store, write, clock } = this.#parts
    const result = await commit<Written>(write, async () => {
      // The address after the account: were it the other way round, a change between the two would be lost.
      const before = await store.account(id)
      if (!before) return { rejected: 'user.unknown' }
      const proposal = await decide(before, await store.email(id))
      return isRefused(proposal) ? proposal : { ...proposal, value: { before, after: proposal.value } }
    })
    if (isRefused(result)) return result
    const { before, after } = result
    if (after.version !== before.version) this.#parts.changed(id)
    // Whoever may do nothing any more is cut off at once, wherever that was said (design 6, sanctions).
    const now = clock.now()
    if (isAdmitted(before, now) && !isAdmitted(after, now)) {
      this.#parts.ended(id, after.active ? 'banned' : 'account disabled')
    }
    return after
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
    return (await this.#taken(next, address)) ?? this.#put(account, next, address, rows)
  }

  #put(account: Account, next: Account, email: string | null, rows: readonly Row[]): Proposal<Account> {
    const put: Row = { put: 'account', account: withoutVersion(next), email, createdAt: this.#parts.clock.now() }
    return {
      guards: [guardOf(account)],
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

const nothing: Beside = async () => ({ guards: [], rows: [] })

/** What Rocket.Chat's wire keeps of a user and their tokens. */
const ROCKETCHAT = [
  'rocketchat.user',
  'rocketchat.personal-token',
  'rocketchat.second-factor',
  'rocketchat.totp',
  'rocketchat.push-token',
  'rocketchat.avatar',
]
/** Documents of an account that hold its secrets and personal details; what a realm keeps behind a PIN is one for each. */
const SECRETS = ['xchat.realm-record', ...ROCKETCHAT]
const ALL = 1_000

/** Of an account that ended. */
const BARE: AccountChange = { roles: [], wireRoles: [], attributes: {}, info: {}, invisible: false, excluded: [] }

interface Written {
  readonly before: Account
  readonly after: Account
}

function malformedId(): IdentityRejection {
  const text = 'must be decimal, without a leading zero and below 2^63'
  return { rejected: 'user.malformed', field: 'id', text }
}
