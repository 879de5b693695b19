// Who calls (x-chat.md 1.1, 1.2): a bearer token of a user, good for each request on its own; its scopes; how many
// requests it has left. Answers on this wire carry the limits in their headers where limits are on.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../../identity/scopes.ts'
import { missingScopes } from '../../identity/scopes.ts'
import type { Authentication } from '../../identity/tokens.ts'
import type { Allowance, Quota, Taken } from '../../quota/quota.ts'
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { notAuthorized, problem, Refusal, UNAUTHORIZED } from './problem.ts'
import { RATES, REGISTRATIONS } from './rates.ts'
import type { Route } from './route.ts'

/** A user who calls. */
export interface Caller {
  readonly account: Account
  /** The session of the token's use, for its place in the engine's queue. */
  readonly session: string
  /** The app that the token was given to; null for a token that no app has part in. */
  readonly app: string | null
  readonly scopes: readonly string[]
}

/** An app that calls on nobody's behalf. */
export interface AppCaller {
  readonly account: null
  readonly session: string
  readonly app: string
}

export function isApp(caller: Caller | AppCaller): caller is AppCaller {
  return caller.account === null
}

type Bearer = Exclude<Authentication, { readonly refused: unknown }>

const BEARER = /^Bearer +([^\s,]+) *$/i

export class Gate {
  readonly #parts: GatewayParts

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  async admit(request: FastifyRequest, reply: FastifyReply, route: Route): Promise<Caller | AppCaller | Refusal> {
    const text = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const bearer = text === undefined ? undefined : await this.#parts.identity.tokens.authenticate(text)
    if (!bearer) return unauthorized()
    if ('refused' in bearer) return bearer.refused === 'banned' ? banned() : unauthorized()
    const caller = callerOf(bearer, route)
    if (caller instanceof Refusal) return caller
    return (await this.#limit(caller, route, reply)) ?? caller
  }

  async #limit(caller: Caller | AppCaller, route: Route, reply: FastifyReply): Promise<Refusal | null> {
    const { session, account } = caller
    const { quota, config, clock } = this.#parts
    const now = clock.now()
    const second: Allowance = { limit: config.limits.flood, window: 1_000 }
    const flood = await quota.take(`${session}:flood`, second)
    if (!flood.allowed) return tooMany(second, flood, now)
    if (config.limits.rates !== 'wire') return null
    const allowance: Allowance = RATES[route.operation]
    const taken = await quota.take(`xchat:${account?.id ?? `app:${caller.app}`}:${route.operation}`, allowance)
    reply.headers(limitHeaders(allowance, taken))
    if (!taken.allowed) return tooMany(allowance, taken, now)
    return account && route.operation === 'addUserPublicKey' ? countRegistration(quota, account, reply, now) : null
  }
}

/** Service tokens are for the operator's own programs: this wire has no place for them. */
function callerOf({ token, account }: Bearer, route: Route): Caller | AppCaller | Refusal {
  const session = `xchat:${token.id}`
  if (token.kind === 'app' && token.app !== null && route.who !== 'user')
    return { account: null, session, app: token.app }
  if (token.kind !== 'user' || !account) return new Refusal(APP_ONLY)
  if (route.who === 'app') return new Refusal(USER_ONLY)
  const missing = missingScopes(token.scopes, route.scopes)
  if (missing.length > 0) return missingScope(missing)
  return { account, session, app: token.app, scopes: token.scopes }
}

/** The daily bucket of registrations. */
async function countRegistration(
  quota: Quota,
  account: Account,
  reply: FastifyReply,
  now: number,
): Promise<Refusal | null> {
  const taken = await quota.take(`xchat:${account.id}:registrations`, REGISTRATIONS)
  reply.headers({
    'x-user-limit-24hour-limit': String(REGISTRATIONS.limit),
    'x-user-limit-24hour-remaining': String(taken.remaining),
    'x-user-limit-24hour-reset': seconds(taken),
  })
  return taken.allowed ? null : tooMany(REGISTRATIONS, taken, now)
}

function unauthorized(): Refusal {
  return new Refusal(UNAUTHORIZED, { 'www-authenticate': 'Bearer' })
}

function banned(): Refusal {
  return new Refusal(notAuthorized('user', null, 'the account is banned'))
}

const APP_ONLY = problem(
  'unsupported-authentication',
  'Unsupported Authentication or Forbidden',
  403,
  'an app-only token is forbidden for this endpoint: it takes the token of a user',
)

const USER_ONLY = problem(
  'unsupported-authentication',
  'Unsupported Authentication or Forbidden',
  403,
  "a user's token is forbidden for this endpoint: it takes the token of an app",
)

function missingScope(missing: readonly Scope[]): Refusal {
  const scope = missing.join(' ')
  const detail = `the token lacks the scope ${scope}`
  return new Refusal(problem('about:blank', 'Forbidden', 403, detail), {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
  })
}

function tooMany(allowance: Allowance, taken: Taken, now: number): Refusal {
  const detail = 'Too Many Requests'
  const wait = String(Math.max(1, Math.ceil((taken.resetsAt - now) / 1000)))
  const headers = { ...limitHeaders(allowance, taken), 'retry-after': wait }
  return new Refusal(problem('rate-limit-exceeded', 'Too Many Requests', 429, detail), headers)
}

function limitHeaders(allowance: Allowance, taken: Taken): Record<string, string> {
  return {
    'x-rate-limit-limit': String(allowance.limit),
    'x-rate-limit-remaining': String(taken.remaining),
    'x-rate-limit-reset': seconds(taken),
  }
}

function seconds(taken: Taken): string {
  return String(Math.ceil(taken.resetsAt / 1000))
}
