// Log-in with what clients send (rocketchat.md section 2): digest, plain text or a token, over DDP and over REST.
import { z } from 'zod'
import type { Who } from '../../identity/accounts.ts'
import type { PasswordText } from '../../identity/passwords.ts'
import { isRefused } from '../../identity/rejection.ts'
import { holdsUserScopes } from '../../identity/scopes.ts'
import type { Account } from '../../room/facts.ts'
import type { Token } from '../../store/store.ts'
import { bug } from './dispatch.ts'
import { loggedOut, type MeteorError, tooMany, unauthorized } from './errors.ts'
import type { Gate } from './gate.ts'
import { TOKEN_LIFETIME } from './limits.ts'
import { checkLoginFactor } from './users/second-factor.ts'

const short = z.string().min(1).max(1_024)
const hex = z.string().regex(/^[0-9a-fA-F]{64}$/)
const digest = z.object({ digest: hex, algorithm: z.literal('sha-256') })
const hashedForm = z
  .object({ hashed: hex })
  .transform(({ hashed }) => ({ digest: hashed, algorithm: 'sha-256' as const }))
const whoShape = z.union([
  z.object({ username: short }),
  z.object({ email: short }),
  z.object({ id: short }),
  short.transform(text => (text.includes('@') ? { email: text } : { username: text })),
])
const resume = z.object({ resume: short })
const byUser = z.object({ user: whoShape, password: z.union([short, digest]) })
const flat = z
  .object({
    username: short.optional(),
    email: short.optional(),
    password: z.union([short, digest, hashedForm]).optional(),
  })
  .extend({ hashed: z.string().optional(), code: z.string().min(1).max(256).optional() })

/** `code`: of a second factor, where the user has one. */
export type Credentials =
  | { readonly resume: string }
  | { readonly who: Who; readonly password: PasswordText; readonly code?: string }

const ddp = z.union([resume, byUser])
const coded = z.object({ totp: z.object({ login: ddp, code: z.string().min(1).max(256) }) })
const ddpForm = z.union([coded.transform(({ totp: { login, code } }) => ({ login, code })), ddp])
export const loginParams = z.tuple([ddpForm]).rest(z.unknown())

export function credentialsOf(form: z.output<typeof ddpForm>): Credentials {
  const login = 'login' in form ? form.login : form
  if ('resume' in login) return login
  const code = 'login' in form ? { code: form.code } : {}
  return { who: login.user, password: passwordOf(login.password), ...code }
}

/** Whatever a REST client may send; several forms at once come from real ones. */
export function restCredentials(body: unknown): Credentials | undefined {
  const token = resume.safeParse(body)
  if (token.success) return token.data
  const fields = flat.safeParse(body)
  if (!fields.success) return undefined
  const { username, email, password, hashed, code } = fields.data
  const named = whoShape.safeParse((body as { user?: unknown }).user)
  const who = named.success ? named.data : username ? { username } : email ? { email } : undefined
  const given = password ?? (hashed ? { digest: hashed, algorithm: 'sha-256' as const } : undefined)
  return who && given !== undefined
    ? { who, password: passwordOf(given), ...(code === undefined ? {} : { code }) }
    : undefined
}

function passwordOf(password: string | z.output<typeof digest>): PasswordText {
  return typeof password === 'string' ? { plain: password } : { digest: password.digest }
}

export interface LoggedIn {
  readonly account: Account
  readonly token: Token
  /** The token's text. */
  readonly text: string
  readonly type: 'password' | 'resume'
  /** ms since 1970. A token of the operator's may never run out; clients want a date nevertheless. */
  readonly expiresAt: number
}

export async function logIn(gate: Gate, credentials: Credentials, address: string): Promise<LoggedIn | MeteorError> {
  const { identity, clock } = gate.parts
  if ('resume' in credentials) {
    const found = await identity.login.byToken(credentials.resume, null, address)
    if (found.login !== 'ok' || !found.token || !holdsUserScopes(found.token)) {
      return found.login === 'limited' || found.login === 'busy' ? tooMany(60_000) : loggedOut
    }
    const { account, token } = found
    const expiresAt = token.expiresAt ?? clock.now() + TOKEN_LIFETIME
    return { account, token, text: credentials.resume, type: 'resume', expiresAt }
  }
  const found = await identity.login.byPassword(credentials.who, credentials.password, address)
  if (found.login === 'limited' || found.login === 'busy') return tooMany(60_000)
  if (found.login !== 'ok') return unauthorized
  const { account } = found
  const unproven = await checkLoginFactor(gate, account, credentials.code, address)
  if (unproven) return unproven
  const minted = await identity.tokens.mint({
    kind: 'user',
    user: account.id,
    issuer: 'rocketchat',
    lifetime: TOKEN_LIFETIME,
  })
  if (isRefused(minted)) return tooMany(1_000)
  const { token, text } = minted
  // Nobody waits for it: it is told to administrators alone.
  gate.people.change(account.id, { profile: { lastLogin: clock.now() } }).catch(error => bug(gate, 'login', error))
  return { account, token, text, type: 'password', expiresAt: token.expiresAt ?? clock.now() + TOKEN_LIFETIME }
}
