// Who may call the HTTP API (`dino.http`): a service token, or the token of a superuser. A site on the same machine whose
// calls carry no token may be let in by the operator; what a browser or a proxy sends is never taken for such a call.
import type { FastifyRequest } from 'fastify'
import { holdsUserScopes } from '../../../identity/scopes.ts'
import type { Account } from '../../../room/facts.ts'
import type { Token } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { CODE, type Code } from '../errors.ts'

export interface Caller {
  /** For counting its calls. */
  readonly key: string
}

export interface Refused {
  readonly code: Code
  readonly text: string
}

const BEARER = /^Bearer +([^\s,]+) *$/i
/** The names under which programs of this machine ask: a page of another site that was made to lead here (DNS rebinding)
 * asks under its own, and so does whatever comes through most proxies. */
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i
/** Headers that say that the peer is not the one who asks, or that a page in a browser does. */
const NOT_LOCAL = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
  'origin',
  'referer',
  'sec-fetch-site',
  'cookie',
]

export async function admit(parts: GatewayParts, request: FastifyRequest): Promise<Caller | Refused> {
  const { authorization } = request.headers
  if (authorization === undefined && parts.config.dino.http.auth === 'none on loopback' && isLocal(request))
    return { key: 'loopback' }
  const text = BEARER.exec(authorization ?? '')?.[1]
  if (text === undefined) return { code: CODE.INVALID_LOGIN, text: 'a bearer token is needed' }
  const found = await parts.identity.tokens.authenticate(text)
  if ('refused' in found) return { code: CODE.INVALID_TOKEN, text: 'the token is not valid' }
  const { token, account } = found
  if (token.kind === 'service' || isSuperusers(token, account)) return { key: token.id }
  return { code: CODE.INVALID_LOGIN, text: 'the token is neither a service token nor a superuser’s' }
}

export function isRefused(value: Caller | Refused): value is Refused {
  return 'code' in value
}

/** As at a log-in: a token that was given away for some of what its user may do is not good for all of it. */
function isSuperusers(token: Token, account: Account | null): boolean {
  return token.kind === 'user' && holdsUserScopes(token) && account?.roles.includes('superuser') === true
}

function isLocal({ raw, headers }: FastifyRequest): boolean {
  const address = raw.socket.remoteAddress ?? ''
  const isLoopback = address === '::1' || /^(?:::ffff:)?127\./.test(address)
  return isLoopback && LOCAL_HOST.test(headers.host ?? '') && NOT_LOCAL.every(name => headers[name] === undefined)
}
