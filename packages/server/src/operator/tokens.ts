// Tokens by the operator's hand. A new token's text is shown once; lists show no more than its public id.
import { isUserId, type UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { isScope, USER_SCOPES } from '../identity/scopes.ts'
import type { Token } from '../store/store.ts'
import { everyToken } from './every.ts'
import { OperatorError, succeeded } from './users.ts'

export interface TokenShown {
  readonly id: string
  readonly kind: string
  readonly user: string | null
  readonly app: string | null
  readonly scopes: readonly string[]
  readonly issuer: string
  readonly createdAt: string
  readonly expiresAt: string | null
}

export interface NewUserToken {
  readonly user?: string
  readonly kind?: 'user' | 'service'
  readonly scopes?: readonly string[]
  /** Seconds; absent never runs out. */
  readonly lifetime?: number
}

export async function createToken(core: Core, wanted: NewUserToken): Promise<TokenShown & { readonly token: string }> {
  const kind = wanted.kind ?? 'user'
  if (kind === 'user' && wanted.user === undefined) throw new OperatorError('A user token needs --user.')
  const user = wanted.user as UserId | undefined
  if (user !== undefined && !(await core.store.account(user))) throw new OperatorError(`There is no user ${user}.`)
  const unknown = (wanted.scopes ?? []).find(scope => !isScope(scope))
  if (unknown !== undefined) throw new OperatorError(`"${unknown}" is no scope; there are ${USER_SCOPES.join(', ')}.`)
  const lifetime = wanted.lifetime === undefined ? null : wanted.lifetime * 1_000
  const minted = succeeded(
    await core.identity.tokens.mint({
      kind,
      user: user ?? null,
      issuer: 'operator',
      lifetime,
      ...(wanted.scopes ? { scopes: wanted.scopes } : {}),
    }),
  )
  return { ...shown(minted.token), token: minted.text }
}

/** By its public id. Every session that it opened is closed. */
export async function revokeToken({ identity }: Core, id: string): Promise<TokenShown> {
  const token = await identity.tokens.find(id)
  if (!token) throw new OperatorError(`There is no token ${id}.`)
  await identity.tokens.revoke([token], 'token revoked')
  return shown(token)
}

/** Of one user, or all. */
export async function listTokens({ store }: Core, user: string | null): Promise<TokenShown[]> {
  if (user !== null) {
    if (!isUserId(user)) throw new OperatorError(`"${user}" is no user id.`)
    return (await store.tokensOf(user)).map(shown)
  }
  const tokens: TokenShown[] = []
  await everyToken(store, token => void tokens.push(shown(token)))
  return tokens
}

function shown(token: Token): TokenShown {
  const { id, kind, user, app, scopes, issuer, createdAt, expiresAt } = token
  return {
    id,
    kind,
    user,
    app,
    scopes,
    issuer,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }
}
