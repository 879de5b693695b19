// Tokens for one user at one realm (x-chat.md 7): short-lived, HS256, signed and checked with that realm's own key. The
// subject is a name that only this realm uses, not the user's id.
import { createHmac } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { errors, jwtVerify, SignJWT } from 'jose'
import { TOKEN_LIFE } from './limits.ts'
import type { Realm } from './realms.ts'

const TENANT = 'conclave'
const SCOPE = 'user'
const ALGORITHM = 'HS256'
/** Hex digits of a subject: 128 bits, so that no two users share one. */
const SUBJECT = 32

/** `now`: ms since 1970. */
export async function tokenFor(user: UserId, { id, subjects, keys }: Realm, now: number): Promise<string> {
  const key = keys.at(-1)
  if (!key) throw new Error('a realm has no key')
  const seconds = Math.floor(now / 1000)
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: kidOf(key.version) })
    .setIssuer(TENANT)
    .setSubject(createHmac('sha256', subjects).update(user).digest('hex').slice(0, SUBJECT))
    .setAudience(id)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + TOKEN_LIFE)
    .sign(key.secret)
}

/** The subject; undefined for a token that this realm does not believe. */
export async function subjectOf(token: string, { id, keys }: Realm, now: number): Promise<string | undefined> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.find(({ version }) => kidOf(version) === kid)
        if (!key) throw new errors.JWKSNoMatchingKey()
        return key.secret
      },
      {
        algorithms: [ALGORITHM],
        issuer: TENANT,
        audience: id,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(now),
      },
    )
    return payload.scope === SCOPE && payload.aud === id ? payload.sub : undefined
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

function kidOf(version: number): string {
  return `${TENANT}:${version}`
}
