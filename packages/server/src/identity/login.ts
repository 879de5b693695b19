// Log-ins: by token (Dino, Rocket.Chat's resume) and by password (Rocket.Chat). Failed ones are counted per account
// and address; a guess too many is refused before anything is looked at.
import type { UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Quota } from '../quota/quota.ts'
import type { Sanction } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { sanctionOn } from '../room/state.ts'
import type { Store, Token } from '../store/store.ts'
import type { Accounts, Who } from './accounts.ts'
import type { Passwords, PasswordText } from './passwords.ts'
import type { Tokens } from './tokens.ts'

export type LoginResult =
  | { readonly login: 'ok'; readonly account: Account; readonly token: Token | null }
  | { readonly login: 'unknown-user' | 'bad-credentials' | 'no-password' | 'inactive' | 'expired' | 'limited' | 'busy' }
  | { readonly login: 'banned'; readonly sanction: Sanction }

export interface LoginParts {
  readonly store: Store
  readonly clock: Clock
  readonly quota: Quota
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly passwords: Passwords
  /** Failed log-ins a minute, per account and address. */
  readonly failures: number
}

const MINUTE = 60_000

export class Login {
  readonly #parts: LoginParts

  constructor(parts: LoginParts) {
    this.#parts = parts
  }

  /** A token, and the user id that it must belong to where the wire names one. */
  async byToken(text: string, user: string | null, address: string): Promise<LoginResult> {
    const key = `login:${user ?? 'token'}:${address}`
    if (await this.#exhausted(key)) return { login: 'limited' }
    const known = user === null ? undefined : await this.#parts.accounts.find({ id: user })
    if (user !== null && !known) return this.#failed(key, { login: 'unknown-user' })
    const found = await this.#parts.tokens.authenticate(text)
    if ('refused' in found) {
      if (found.refused === 'banned') return { login: 'banned', sanction: found.sanction }
      if (found.refused === 'inactive') return { login: 'inactive' }
      return this.#failed(key, { login: found.refused === 'expired' ? 'expired' : 'bad-credentials' })
    }
    const { account, token } = found
    if (!account || token.kind !== 'user' || (user !== null && account.id !== user))
      return this.#failed(key, { login: 'bad-credentials' })
    return { login: 'ok', account, token }
  }

  /** An unknown user takes as long as a wrong password. */
  async byPassword(who: Who, password: PasswordText, address: string): Promise<LoginResult> {
    const { accounts, passwords, store, clock } = this.#parts
    const key = `login:${Object.values(who).join('').toLowerCase().slice(0, 256)}:${address}`
    if (await this.#exhausted(key)) return { login: 'limited' }
    const account = await accounts.find(who)
    const hash = account ? await store.password(account.id as UserId) : null
    const matches = await passwords.verify(password, hash)
    if (matches === 'busy') return { login: 'busy' }
    if (!account) return this.#failed(key, { login: 'unknown-user' })
    if (hash === null) return this.#failed(key, { login: 'no-password' })
    if (!matches) return this.#failed(key, { login: 'bad-credentials' })
    if (!account.active) return { login: 'inactive' }
    const sanction = sanctionOn(account.sanctions, account.id, 'ban', clock.now())
    return sanction ? { login: 'banned', sanction } : { login: 'ok', account, token: null }
  }

  async #exhausted(key: string): Promise<boolean> {
    const { remaining } = await this.#parts.quota.take(key, { limit: this.#parts.failures, window: MINUTE }, 0)
    return remaining <= 0
  }

  async #failed(key: string, result: LoginResult): Promise<LoginResult> {
    await this.#parts.quota.take(key, { limit: this.#parts.failures, window: MINUTE })
    return result
  }
}
