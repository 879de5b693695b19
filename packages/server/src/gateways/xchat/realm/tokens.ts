// Tokens for one user at one realm (x-chat.md 7): short-lived, HS256, signed and checked with that realm's own key. The
// subject is a name that only this realm uses, not the user's id. Each says which token of the wire it was given to, so
// that it ends with that one, and whether that one may change keys: who may only read must not delete what is read.
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

/** Who asks for a token. */
export interface Asking {
  readonly user: UserId
  /** Public id of the wire's token. */
  readonly token: string
  readonly mayReplace: boolean
}

/** Whom a token stands for. */
export interface Admitted {
  readonly subject: string
  /** Public id of the wire's token that it was given to. */
  readonly token: string
  /** Register and delete, too. */
  readonly mayReplace: boolean
}

/** `now`: ms since 1970. */
export async function tokenFor(
  { user, token, mayReplace }: Asking,
  { id, subjects, keys }: Realm,
  now: number,
): Promise<string> {
  const key = keys.at(-1)
  if (!key) throw new Error('a realm has no key')
  const seconds = Math.floor(now / 1000)
  return new SignJWT({ scope: SCOPE, by: token, replace: mayReplace })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: kidOf(key.version) })
    .setIssuer(TENANT)
    .setSubject(createHmac('sha256', subjects).update(user).digest('hex').slice(0, SUBJECT))
    .setAudience(id)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + TOKEN_LIFE)
    .sign(key.secret)
}

/** undefined for a token that this realm does not believe. */
export async function admittedBy(token: string, { id, keys }: Realm, now: number): Promise<Admitted | undefined> {
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
    const { sub, by } = payload
    if (payload.scope !== SCOPE || payload.aud !== id || sub === undefined || typeof by !== 'string') return undefined
    return { subject: sub, token: by, mayReplace: payload.replace === true }
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

function kidOf(version: number): string {
  return `${TENANT}:${version}`
}
