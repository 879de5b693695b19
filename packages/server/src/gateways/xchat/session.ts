// Who calls (x-chat.md 1.1, 1.2): a bearer token of a user, good for each request on its own; its scopes; how many
// requests it has left, which answers on this wire carry in their headers.
import type { IncomingHttpHeaders } from 'node:http'
import type { UserId } from '@conclave/wire'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../../identity/scopes.ts'
import { missingScopes } from '../../identity/scopes.ts'
import type { Authentication } from '../../identity/tokens.ts'
import type { Allowance, Taken } from '../../quota/quota.ts'
import type { Account } from '../../room/facts.ts'
import type { Token } from '../../store/store.ts'
import type { GatewayParts } from '../gateway.ts'
import { announced, Bodies } from './bodies.ts'
import { ANSWER_STALLED, BODY_SMALL } from './limits.ts'
import { notAuthorized, problem, Refusal, UNAUTHORIZED, unavailable } from './problem.ts'
import { RATES, REGISTRATIONS, UNKNOWN_TOKENS } from './rates.ts'
import type { Route } from './route.ts'

/** A user who calls. */
export interface Caller {
  readonly account: Account
  /** The session of the token's use, for its place in the engine's queue. */
  readonly session: string
  /** The token's public id. */
  readonly token: string
  /** The app that the token was given to; null for a token that no app has part in. */
  readonly app: string | null
  readonly scopes: readonly string[]
}

/** An app that calls on nobody's behalf. */
export interface AppCaller {
  readonly account: null
  readonly session: string
  readonly app: string
  /** Who owns the app. */
  readonly operator: UserId
}

export function isApp(caller: Caller | AppCaller): caller is AppCaller {
  return caller.account === null
}

type Bearer = Exclude<Authentication, { readonly refused: unknown }>

const BEARER = /^Bearer +([^\s,]+) *$/i

export class Gate {
  readonly #parts: GatewayParts
  readonly #bodies = new Bodies()

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** Who calls, where that is in memory, they may, and nothing is counted with other nodes; undefined says nothing. */
  atHand(headers: IncomingHttpHeaders, route: Route): Caller | undefined {
    const known = this.#known(headers)
    const caller = known && userOf(known, known.account, route)
    return caller instanceof Refusal ? undefined : caller
  }

  /** Counts what a session sends in a second: the refusal where it is one too many, and what answers say of it, where the
   * wire's own limits are off. */
  count(session: string): { readonly refused: Refusal | null; readonly headers: Readonly<Record<string, string>> } {
    const { quota, config, clock } = this.#parts
    const second: Allowance = { limit: config.limits.flood, window: 1_000 }
    const flood = quota.takeHere(`${session}:flood`, second)
    const headers = config.limits.rates === 'wire' ? {} : limitHeaders(second, flood)
    return { refused: flood.allowed ? null : tooMany(second, flood, clock.now()), headers }
  }

  #known(headers: IncomingHttpHeaders): (Bearer & { readonly account: Account }) | undefined {
    const { identity, config } = this.#parts
    const text = config.limits.rates === 'wire' ? undefined : tokenIn(headers)
    const known = text === undefined ? undefined : identity.tokens.peek(text)
    if (!known || 'refused' in known || known.token.kind !== 'user' || !known.account) return undefined
    return { token: known.token, account: known.account }
  }

  /** At once where everything is in memory and nothing is counted with other nodes. */
  admit(
    request: FastifyRequest,
    reply: FastifyReply,
    route: Route,
  ): Caller | AppCaller | Refusal | Promise<Caller | AppCaller | Refusal> {
    const known = this.#known(request.headers)
    if (!known) return this.#admit(request, reply, route)
    return this.#countFlood(sessionOf(known.token), reply) ?? userOf(known, known.account, route)
  }

  async #admit(request: FastifyRequest, reply: FastifyReply, route: Route): Promise<Caller | AppCaller | Refusal> {
    const address = this.#parts.addressOf(request.raw)
    const bearer = await this.#authenticate(request, address)
    if (bearer instanceof Refusal) return bearer
    // Who is not known counts by address: somebody's expired token uses up nothing of theirs.
    if (!bearer || 'refused' in bearer) {
      const refusal = bearer?.refused === 'banned' ? banned() : unauthorized()
      return (await this.#limit(`address:${address}`, route, reply)) ?? refusal
    }
    const { token, account } = bearer
    const limited =
      this.#countFlood(sessionOf(token), reply) ??
      (await this.#limit(account?.id ?? `app:${token.app ?? token.id}`, route, reply))
    if (limited) return limited
    const caller = await this.#callerOf(bearer, route)
    if (caller instanceof Refusal || !caller.account || route.operation !== 'addUserPublicKey') return caller
    return (await this.#countRegistration(caller.account, reply)) ?? caller
  }

  /** Room in memory for a body of at most so many bytes, until the answer is through. */
  makeRoom(request: FastifyRequest, reply: FastifyReply, caller: Caller | AppCaller, most: number): Refusal | null {
    return this.#hold(reply, caller, announced(request.raw, most))
  }

  /** The same for an answer, whose reader may be slow, but not take nothing. */
  makeRoomForAnswer(reply: FastifyReply, caller: Caller | AppCaller, bytes: number): Refusal | null {
    if (bytes > BODY_SMALL) reply.raw.setTimeout(ANSWER_STALLED)
    return this.#hold(reply, caller, bytes)
  }

  #hold(reply: FastifyReply, caller: Caller | AppCaller, bytes: number): Refusal | null {
    const taken = this.#bodies.take(caller.account?.id ?? `app:${caller.app}`, bytes)
    if (taken === 'all') return new Refusal(unavailable('too many large requests are under way, try again'))
    if (taken === 'own') return new Refusal(TOO_LARGE_TOGETHER, { 'retry-after': '1' })
    if (taken) reply.raw.once('close', taken)
    return null
  }

  /** undefined where no token is shown. An address that shows many unknown ones is heard with remembered ones alone, so
   * that guesses cost no more reads of the store than those. */
  async #authenticate(request: FastifyRequest, address: string): Promise<Authentication | Refusal | undefined> {
    const text = tokenIn(request.headers)
    if (text === undefined) return undefined
    const { identity, quota, clock } = this.#parts
    if (identity.tokens.remembers(text)) return identity.tokens.authenticate(text)
    const key = `xchat:unknown:${address}`
    const taken = quota.takeHere(key, UNKNOWN_TOKENS, 0)
    if (taken.remaining <= 0) return tooMany(UNKNOWN_TOKENS, taken, clock.now())
    const bearer = await identity.tokens.authenticate(text)
    if ('refused' in bearer && bearer.refused === 'unknown') quota.takeHere(key, UNKNOWN_TOKENS)
    return bearer
  }

  /** Service tokens are for the operator's own programs: this wire has no place for them. */
  async #callerOf(bearer: Bearer, route: Route): Promise<Caller | AppCaller | Refusal> {
    const { token, account } = bearer
    const session = sessionOf(token)
    if (token.kind === 'app' && token.app !== null && route.who !== 'user') {
      const app = await this.#parts.identity.app(token.app)
      return app ? { account: null, session, app: app.id, operator: app.owner } : unauthorized()
    }
    return account ? userOf(bearer, account, route) : new Refusal(APP_ONLY)
  }

  #countFlood(session: string, reply: FastifyReply): Refusal | null {
    const { refused, headers } = this.count(session)
    reply.headers(headers)
    return refused
  }

  /** The operation's own bucket, in the headers of whatever is answered. */
  async #limit(who: string, route: Route, reply: FastifyReply): Promise<Refusal | null> {
    const { quota, config, clock } = this.#parts
    if (config.limits.rates !== 'wire') return null
    const allowance: Allowance = RATES[route.operation]
    const taken = await quota.take(`xchat:${who}:${route.operation}`, allowance)
    reply.headers(limitHeaders(allowance, taken))
    return taken.allowed ? null : tooMany(allowance, taken, clock.now())
  }

  /** The daily bucket of registrations. */
  async #countRegistration(account: Account, reply: FastifyReply): Promise<Refusal | null> {
    const { quota, config, clock } = this.#parts
    if (config.limits.rates !== 'wire') return null
    const taken = await quota.take(`xchat:${account.id}:registrations`, REGISTRATIONS)
    reply.headers({
      'x-user-limit-24hour-limit': String(REGISTRATIONS.limit),
      'x-user-limit-24hour-remaining': String(taken.remaining),
      'x-user-limit-24hour-reset': seconds(taken),
    })
    return taken.allowed ? null : tooMany(REGISTRATIONS, taken, clock.now())
  }
}

function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1]
}

function userOf({ token }: Bearer, account: Account, route: Route): Caller | Refusal {
  if (token.kind !== 'user') return new Refusal(APP_ONLY)
  if (route.who === 'app') return new Refusal(USER_ONLY)
  const missing = missingScopes(token.scopes, route.scopes)
  if (missing.length > 0) return missingScope(missing)
  return { account, session: sessionOf(token), token: token.id, app: token.app, scopes: token.scopes }
}

function sessionOf({ id }: Token): string {
  return `xchat:${id}`
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

const TOO_LARGE_TOGETHER = problem(
  'rate-limit-exceeded',
  'Too Many Requests',
  429,
  'too many large requests of this caller are under way at a time',
)

function missingScope(missing: readonly Scope[]): Refusal {
  const scope = missing.join(' ')
  const detail = `the token lacks the scope ${scope}`
  return new Refusal(problem('about:blank', 'Forbidden', 403, detail), {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
  })
}

export function tooMany(allowance: Allowance, taken: Taken, now: number): Refusal {
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
