// Log-ins that end, and those made on somebody's behalf. Only what this wire has given out: tokens that the operator has
// made are the operator's.
import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { TOKEN_LIFETIME } from '../limits.ts'
import { standsAbove } from './find.ts'

/** Every log-in over this wire, and every session on it; clients that listen for it hear `force_logout` first. */
export async function logOutEverywhere({ parts }: Gate, { id }: Account): Promise<void> {
  const tokens = await parts.identity.tokens.of(id)
  await parts.identity.tokens.revoke(
    tokens.filter(({ issuer }) => issuer === 'rocketchat'),
    'logged out',
  )
  parts.bus.publish('all', { kind: 'end', token: null, user: id, wire: 'rocketchat', reason: 'logged out' })
}

/** Every other log-in; tokens that a program of the user's holds go on. */
export async function logOutOthers({ parts }: Gate, { account, token }: Caller): Promise<void> {
  const tokens = await parts.identity.tokens.of(account.id)
  await parts.identity.tokens.revoke(
    tokens.filter(({ id, issuer, expiresAt }) => issuer === 'rocketchat' && expiresAt !== null && id !== token?.id),
    'logged out by another client',
  )
}

export async function createToken(
  { parts }: Gate,
  { account }: Caller,
  target: Account,
): Promise<{ userId: string; authToken: string } | MeteorError> {
  const method = 'createToken'
  if (standsAbove(target, account) || !target.active)
    return new MeteorError('error-not-authorized', 'Not authorized', { method })
  const lifetime = TOKEN_LIFETIME
  const minted = await parts.identity.tokens.mint({ kind: 'user', user: target.id, issuer: 'rocketchat', lifetime })
  if (isRefused(minted)) return new MeteorError('error-invalid-user', 'Invalid user', { method })
  parts.log.info({ wire: 'rocketchat', by: account.id, for: target.id }, 'a token was made for somebody else')
  return { userId: target.id, authToken: minted.text }
}
