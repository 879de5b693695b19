// Who there is: accounts, their tokens, passwords and keys, with what this node remembers of them. Every write goes
// into the engine's group commit and names the versions that it was decided on.
import type { UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Quota } from '../quota/quota.ts'
import type { Account, Channel, KeySet } from '../room/facts.ts'
import type { App, Guard, Store, Write } from '../store/store.ts'
import { Accounts } from './accounts.ts'
import { type BringParts, type Brought, bringUsers } from './bring.ts'
import { Cache } from './cache.ts'
import { KeyPairs } from './key-pairs.ts'
import { Login } from './login.ts'
import type { Passwords, PasswordText } from './passwords.ts'
import { PublicKeys } from './public-keys.ts'
import { Tokens } from './tokens.ts'

export interface IdentityParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly random: Random
  readonly passwords: Passwords
  readonly quota: Quota
  readonly bus: Bus
  /** Fresh ids for users that come without one. */
  readonly ids: { next(): string }
  /** Failed log-ins a minute, per account and address. */
  readonly failedLogins: number
}

export class Identity {
  /** What is remembered, by id; a decision names the version (engine/facts.ts). */
  readonly accounts: Cache<Account>
  readonly channels: Cache<Channel>
  readonly keys: Cache<KeySet>
  readonly users: Accounts
  readonly tokens: Tokens
  readonly login: Login
  readonly publicKeys: PublicKeys
  readonly keyPairs: KeyPairs
  readonly #bring: BringParts
  readonly #bus: Bus
  readonly #store: Store
  readonly #passwords: Passwords

  constructor(parts: IdentityParts) {
    const { store, write, clock, random, passwords, quota, bus, ids } = parts
    this.#bus = bus
    this.#store = store
    this.#passwords = passwords
    this.accounts = new Cache(id => store.account(id as UserId))
    this.channels = new Cache(id => store.channel(id as Channel['id']))
    this.keys = new Cache(id => store.keys(id as UserId))
    bus.subscribe('all', message => {
      if (message.kind === 'changed') this.forgetOne(message.of, message.id)
    })
    const told = {
      changed: (user: UserId) => this.changed('account', user),
      ended: (user: UserId, reason: string) =>
        bus.publish('all', { kind: 'end', token: null, user, wire: null, reason }),
    }
    this.users = new Accounts({ store, write, clock, ids, passwords, cache: this.accounts, ...told })
    this.tokens = new Tokens({ store, write, clock, random, bus, accounts: this.accounts })
    this.#bring = { store, write, clock, tokens: this.tokens, ...told }
    this.login = new Login({
      store,
      clock,
      quota,
      accounts: this.users,
      tokens: this.tokens,
      passwords,
      failures: parts.failedLogins,
    })
    this.publicKeys = new PublicKeys({ store, write, clock, changed: user => this.changed('keys', user) })
    this.keyPairs = new KeyPairs({ store, clock, bus, accounts: this.users, tokens: this.tokens })
  }

  /** An account, a channel or a key set was written: every node's copy is old. */
  changed(of: 'account' | 'channel' | 'keys', id: string): void {
    this.forgetOne(of, id)
    this.#bus.publish('all', { kind: 'changed', of, id })
  }

  /** Many users at once, as an import brings them; null when all are there, else the first refusal and its index. */
  bring(users: readonly Brought[]): ReturnType<typeof bringUsers> {
    return bringUsers(this.#bring, users)
  }

  /** Whether a user has this password now; an import that names it again then has nothing to write. */
  async passwordFits(user: UserId, password: PasswordText): Promise<boolean | 'busy'> {
    return this.#passwords.verify(password, await this.#store.password(user))
  }

  /** An account's address and the time (ms since 1970) at which it was made. */
  async registered(user: UserId): Promise<{ readonly email: string | null; readonly createdAt: number }> {
    const [email, createdAt] = [await this.#store.email(user), await this.#store.createdAt(user)]
    return { email, createdAt: createdAt ?? 0 }
  }

  /** Accounts after an id, by id; the ended ones too. */
  page(after: UserId | null, limit: number): Promise<readonly Account[]> {
    return this.#store.accounts(after, limit)
  }

  async hasPassword(user: UserId): Promise<boolean> {
    return (await this.#store.password(user)) !== null
  }

  /** Apps are few and change by the operator's hand alone: they are read when they are asked for. */
  app(id: string): Promise<App | undefined> {
    return this.#store.app(id)
  }

  /** Hashed as passwords are kept, for who writes it with other rows. */
  hashPassword(password: PasswordText): ReturnType<Passwords['hash']> {
    return this.#passwords.hash(password)
  }

  /** Nothing that was read before may be relied on any more. */
  forget(): void {
    this.accounts.clear()
    this.channels.clear()
    this.keys.clear()
    this.tokens.forget()
    this.keyPairs.forget(null)
  }

  /** What is remembered of one of them is old. */
  forgetOne(of: Guard['of'], id: string): void {
    if (of === 'account') {
      this.accounts.forget(id)
      this.keyPairs.forget(id)
    }
    if (of === 'channel') this.channels.forget(id)
    else if (of === 'keys') this.keys.forget(id)
  }
}
