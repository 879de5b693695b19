// Personal access tokens: named ones that a user makes for a program of theirs. Each is a token like any other, that never
// runs out; its name lies in a document beside it, under its owner.
import type { UserId } from '@conclave/wire'
import { isRefused } from '../../../identity/rejection.ts'
import type { Token } from '../../../store/store.ts'
import { MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { PERSONAL_TOKENS } from '../limits.ts'

const KIND = 'rocketchat.personal-token'

interface Named {
  readonly name: string
  readonly token: string
  /** The last characters of its text, by which its owner knows it. */
  readonly lastTokenPart: string
  readonly bypassTwoFactor: boolean
  /** ms since 1970. */
  readonly createdAt: number
}

/** Those of a user that are still good. */
export async function personalTokensOf(gate: Gate, user: UserId): Promise<readonly Named[]> {
  const [documents, tokens] = await Promise.all([
    gate.parts.reading.documents(KIND, { owner: user, limit: PERSONAL_TOKENS }),
    gate.parts.identity.tokens.of(user),
  ])
  const alive = new Set(tokens.map(({ id }) => id))
  return documents.map(({ body }) => JSON.parse(body) as Named).filter(({ token }) => alive.has(token))
}

export async function bypassesSecondFactor(gate: Gate, token: Token): Promise<boolean> {
  if (token.user === null || token.expiresAt !== null) return false
  return (await personalTokensOf(gate, token.user)).some(one => one.token === token.id && one.bypassTwoFactor)
}

/** The new token's text. */
export async function generatePersonalToken(
  gate: Gate,
  { account }: Caller,
  name: string,
  bypassTwoFactor: boolean,
): Promise<string | MeteorError> {
  const METHOD = 'personalAccessTokens:generateToken'
  if (!gate.permissions.may(account, 'create-personal-access-tokens')) return notAuthorized(METHOD)
  const before = await gate.parts.reading.document(KIND, keyOf(account.id, name))
  const held = await personalTokensOf(gate, account.id)
  if (held.some(one => one.name === name))
    return new MeteorError('error-token-already-exists', 'A token with this name already exists', { method: METHOD })
  if (held.length >= PERSONAL_TOKENS) return new MeteorError('error-not-allowed', 'Too many tokens', { method: METHOD })
  return mint(gate, account.id, { name, bypassTwoFactor, version: before?.version ?? 0 })
}

/** Another text under the same name; the old one is good no more. */
export async function regeneratePersonalToken(
  gate: Gate,
  { account }: Caller,
  name: string,
): Promise<string | MeteorError> {
  const METHOD = 'personalAccessTokens:regenerateToken'
  const held = await known(gate, account.id, name, METHOD)
  if (held instanceof MeteorError) return held
  await end(gate, account.id, held)
  return mint(gate, account.id, { name, bypassTwoFactor: held.bypassTwoFactor, version: 0 })
}

export async function removePersonalToken(gate: Gate, { account }: Caller, name: string): Promise<null | MeteorError> {
  const held = await known(gate, account.id, name, 'personalAccessTokens:removeToken')
  if (held instanceof MeteorError) return held
  await end(gate, account.id, held)
  return null
}

async function known(gate: Gate, user: UserId, name: string, method: string): Promise<Named | MeteorError> {
  const account = await gate.parts.identity.accounts.load(user)
  if (!account || !gate.permissions.may(account, 'create-personal-access-tokens')) return notAuthorized(method)
  const held = (await personalTokensOf(gate, user)).find(one => one.name === name)
  return held ?? new MeteorError('error-token-does-not-exists', 'Token does not exist', { method })
}

/** Of several that take one name at once, one gets it. `version`: of what lay under the name when it was found to be free. */
async function mint(
  gate: Gate,
  user: UserId,
  { name, bypassTwoFactor, version }: Pick<Named, 'name' | 'bypassTwoFactor'> & { readonly version: number },
): Promise<string | MeteorError> {
  const { identity, clock, write } = gate.parts
  const key = keyOf(user, name)
  const minted = await identity.tokens.mint({ kind: 'user', user, issuer: 'rocketchat', lifetime: null })
  if (isRefused(minted)) return new MeteorError('error-invalid-user', 'Invalid user')
  const { text, token } = minted
  const named: Named = { name, token: token.id, lastTokenPart: text.slice(-6), bypassTwoFactor, createdAt: clock.now() }
  const document = { kind: KIND, key, owner: user, body: JSON.stringify(named), dueAt: null }
  const guards = [{ of: 'document', id: `${KIND}/${key}`, version } as const]
  const { outcome } = await write({ guards, append: null, rows: [{ put: 'document', document }] })
  if (outcome === 'committed') return text
  await identity.tokens.revoke([token], 'another took its name')
  return new MeteorError('error-token-already-exists', 'A token with this name already exists')
}

async function end(gate: Gate, user: UserId, held: Named): Promise<void> {
  const { identity, write } = gate.parts
  await write({ guards: [], append: null, rows: [{ drop: 'document', kind: KIND, key: keyOf(user, held.name) }] })
  const token = await identity.tokens.find(held.token)
  if (token) await identity.tokens.revoke([token], 'token removed')
}

function keyOf(user: UserId, name: string): string {
  return `${user}:${name}`
}

function notAuthorized(method: string): MeteorError {
  return new MeteorError('not-authorized', 'Not Authorized', { method })
}
