// Log-ins: by token (Dino, Rocket.Chat's resume) and by password (Rocket.Chat). Failed ones are counted per account
// and address; a guess too many is refused before anything is looked at. Guesses at one account from one address
// stand in a line, so that many at once are no more than the limit lets through.
import type { Clock } from '../clock.ts'
import type { Allowance, Quota } from '../quota/quota.ts'
import type { Sanction } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { sanctionOn } from '../room/state.ts'
import type { Store, Token } from '../store/store.ts'
import type { Accounts, Who } from './accounts.ts'
import { FAILED_RESUMES, LOGIN_NAME, WAITING_LOGINS } from './limits.ts'
import type { Passwords, PasswordText } from './passwords.ts'
import { holdsUserScopes } from './scopes.ts'
import type { Tokens } from './tokens.ts'
import { Turns } from './turns.ts'

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
/** What counts as a guess. Who is banned or disabled, or has a token that ran out, has shown the right thing. */
const GUESSES: ReadonlySet<LoginResult['login']> = new Set(['unknown-user', 'bad-credentials', 'no-password'])

export class Login {
  readonly #parts: LoginParts
  readonly #turns = new Turns(WAITING_LOGINS)

  constructor(parts: LoginParts) {
    this.#parts = parts
  }

  /**
   * A token, and the user id that it must belong to where the wire names one. It must hold all of a user's scopes:
   * the wires that log in know none.
   */
  byToken(text: string, user: string | null, address: string): Promise<LoginResult> {
    if (user === null) {
      // No account is named, so there is only the address, which many users behind one proxy may share.
      const allowance = { limit: Math.max(FAILED_RESUMES, this.#parts.failures), window: MINUTE }
      return this.#counted(`login:resume:${address}`, allowance, () => this.#checkToken(text, null))
    }
    return this.#inTurn(user, address, () => this.#checkToken(text, user))
  }

  /** An unknown user takes as long as a wrong password. */
  async byPassword(who: Who, password: PasswordText, address: string): Promise<LoginResult> {
    const { accounts } = this.#parts
    const key = (await accounts.find(who))?.id ?? Object.values(who).join('').toLowerCase()
    return this.#inTurn(key, address, async () => this.#checkPassword(await accounts.find(who), password))
  }

  async #checkToken(text: string, user: string | null): Promise<LoginResult> {
    if (user !== null && !(await this.#parts.accounts.find({ id: user }))) return { login: 'unknown-user' }
    const found = await this.#parts.tokens.authenticate(text)
    if ('refused' in found && found.refused === 'unknown') return { login: 'bad-credentials' }
    const { token } = found
    if (token.kind !== 'user' || (user !== null && token.user !== user) || !holdsUserScopes(token))
      return { login: 'bad-credentials' }
    if (!('refused' in found))
      return found.account ? { login: 'ok', account: found.account, token } : { login: 'bad-credentials' }
    return found.refused === 'banned' ? { login: 'banned', sanction: found.sanction } : { login: found.refused }
  }

  async #checkPassword(account: Account | undefined, password: PasswordText): Promise<LoginResult> {
    const { passwords, store, clock } = this.#parts
    const hash = account ? await store.password(account.id) : null
    const matches = await passwords.verify(password, hash)
    if (matches === 'busy') return { login: 'busy' }
    if (!account) return { login: 'unknown-user' }
    if (hash === null) return { login: 'no-password' }
    if (!matches) return { login: 'bad-credentials' }
    if (!account.active) return { login: 'inactive' }
    const sanction = sanctionOn(account.sanctions, account.id, 'ban', clock.now())
    return sanction ? { login: 'banned', sanction } : { login: 'ok', account, token: null }
  }

  async #inTurn(account: string, address: string, check: () => Promise<LoginResult>): Promise<LoginResult> {
    const key = `login:${account.slice(0, LOGIN_NAME)}:${address}`
    const allowance = { limit: this.#parts.failures, window: MINUTE }
    return this.#turns.run(key, () => this.#counted(key, allowance, check)) ?? { login: 'busy' }
  }

  async #counted(key: string, allowance: Allowance, check: () => Promise<LoginResult>): Promise<LoginResult> {
    const { remaining } = await this.#parts.quota.take(key, allowance, 0)
    if (remaining <= 0) return { login: 'limited' }
    const result = await check()
    if (!GUESSES.has(result.login)) return result
    // Other nodes let guesses in at the same time: of more than there may be, nobody learns what they were.
    const { allowed } = await this.#parts.quota.take(key, allowance)
    return allowed ? result : { login: 'limited' }
  }
}
