// REST under `/api` (rocketchat.md section 2): log-in by header, envelopes, and everything that is refused in this wire's
// own words. The content type is literally `application/json`: clients compare it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseJson } from '@conclave/wire'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { holdsUserScopes } from '../../identity/scopes.ts'
import type { Authentication } from '../../identity/tokens.ts'
import { drain, drained } from '../drain.ts'
import type { GatewayParts } from '../gateway.ts'
import { readText, type Straight } from '../straight.ts'
import { originAllowed } from '../upgrades.ts'
import { bug } from './dispatch.ts'
import { MeteorError } from './errors.ts'
import type { Caller, Gate } from './gate.ts'
import { FRAME_BYTES, FRAME_DEPTH, FRAME_VALUES, OPEN_BYTES } from './limits.ts'
import { withLists } from './query.ts'
import { checkRestRate } from './rates.ts'
import { FILES } from './rest/routes-of-files.ts'
import { KEYS } from './rest/routes-of-keys.ts'
import { MESSAGES } from './rest/routes-of-messages.ts'
import { ROOMS } from './rest/routes-of-rooms.ts'
import { SERVER } from './rest/routes-of-server.ts'
import { SUBSCRIPTIONS } from './rest/routes-of-subscriptions.ts'
import { TEAMS } from './rest/routes-of-teams.ts'
import { USERS } from './rest/routes-of-users.ts'
import { Envelope, forbidden, isUpload, Json, type RestCall, type Route, type UploadRouteSpec } from './route.ts'
import { meets } from './settings/permissions.ts'
import { checkSecondFactor, proofOf } from './users/second-factor.ts'

export const ROUTES: readonly Route[] = [
  ...KEYS,
  ...MESSAGES,
  ...ROOMS,
  ...SUBSCRIPTIONS,
  ...USERS,
  ...FILES,
  ...SERVER,
  ...TEAMS,
]

const JSON_LIMITS = { maxBytes: FRAME_BYTES, maxDepth: FRAME_DEPTH, maxKeys: FRAME_VALUES }
const unauthenticated = new Envelope(401, { status: 'error', message: 'You must be logged in to do this.' })
const notFound = new Envelope(404, { success: false, error: 'Resource not found' })
/** As `curl -d` sends it. */
const FORM = /^application\/x-www-form-urlencoded(?:;|$)/i
const HEADERS = 'content-type, x-auth-token, x-user-id, x-2fa-code, x-2fa-method'

export function rest(gate: Gate) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers()
    for (const type of [/^application\/json(?:;|$)/i, FORM])
      scope.addContentTypeParser(type, { parseAs: 'string' }, (_, body, done) => done(null, body))
    scope.setNotFoundHandler((_, reply) => answer(reply, notFound))
    scope.setErrorHandler(async (error: FastifyError, request, reply) => {
      await drained(error, request.raw)
      return answer(reply, unread(gate, error))
    })
    scope.addHook('onRequest', async (request, reply) => guardOrigin(gate, request, reply))
    scope.options('/*', async (_, reply) => reply.code(204).send())
    for (const spec of ROUTES)
      if (!isUpload(spec))
        for (const path of spec.paths) {
          register(scope, gate, spec, path)
          goStraight(gate, spec, path)
        }
    await scope.register(uploadsIn(gate))
  }
}

/** In a scope of their own: everywhere else nothing but JSON is read. */
function uploadsIn(gate: Gate) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const spec of ROUTES.filter(isUpload)) for (const path of spec.paths) registerUpload(scope, gate, spec, path)
  }
}

/** What is left of a body that was refused goes with its connection. */
async function answerUnread(request: FastifyRequest, reply: FastifyReply, result: object): Promise<FastifyReply> {
  await drain(request.raw)
  if (!request.raw.complete) reply.header('connection', 'close')
  return answer(reply, result)
}

function registerUpload(scope: FastifyInstance, gate: Gate, spec: UploadRouteSpec, path: string): void {
  scope.route({
    method: 'POST',
    url: path,
    handler: async (request, reply) => {
      try {
        const caller = await callerOf(gate, request)
        if (caller instanceof Envelope) return await answerUnread(request, reply, caller)
        const result = await spec.run(
          { ...callOf(gate, request.raw, request.params as Params, 0), caller },
          request.raw,
        )
        return await (request.raw.complete ? answer(reply, result) : answerUnread(request, reply, result))
      } catch (error) {
        return answer(reply.header('connection', 'close'), bug(gate, path, error))
      }
    },
  })
}

/** `params`: of the path. */
function callOf(
  gate: Gate,
  request: IncomingMessage,
  params: Params,
  bytes: number,
  address = gate.parts.addressOf(request),
): Omit<RestCall, 'caller'> {
  return {
    gate,
    bytes,
    address,
    param: name => params[name] ?? '',
    header: name => [request.headers[name]].flat()[0],
  }
}
type Params = Readonly<Record<string, string>>

function guardOrigin({ parts }: Gate, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const { origin } = request.headers
  if (origin === undefined) return undefined
  if (!originAllowed(parts.config.origins, request.headers))
    return answer(reply, new Envelope(403, { success: false, error: 'this origin is not allowed' }))
  reply.header('access-control-allow-origin', origin).header('vary', 'origin')
  reply.header('access-control-allow-headers', HEADERS).header('access-control-allow-methods', 'GET, POST, PUT, DELETE')
  return undefined
}

function register(scope: FastifyInstance, gate: Gate, spec: Exclude<Route, UploadRouteSpec>, path: string): void {
  scope.route({
    method: spec.verb,
    url: path,
    exposeHeadRoute: false,
    bodyLimit: 'open' in spec ? OPEN_BYTES : FRAME_BYTES,
    // Before the body is read: whoever may not come in does not get it parsed.
    onRequest: async (request, reply) => {
      const caller = 'open' in spec ? null : await callerOf(gate, request)
      if (caller instanceof Envelope) return answer(reply, caller)
      if (caller) callers.set(request, caller)
      const address = gate.parts.addressOf(request.raw)
      const rate = await checkRestRate(gate, `${spec.verb} ${path}`, address, caller?.account ?? null)
      if (rate) reply.headers(rate.headers)
      return rate?.refused ? answer(reply, rate.refused) : undefined
    },
    handler: async (request, reply) => {
      const text = typeof request.body === 'string' ? request.body : ''
      const input =
        spec.verb === 'GET' ? { value: withLists(request.query) } : readBody(text, request.headers['content-type'])
      const call = callOf(gate, request.raw, request.params as Params, text.length)
      return answer(reply, await served(spec, path, { ...call, caller: callers.get(request) as Caller }, input))
    },
  })
}

/** Where requests are counted, the count comes before the body and may be with other nodes: they go the usual way. */
function goStraight(gate: Gate, spec: Exclude<Route, UploadRouteSpec>, path: string): void {
  const { straight, config } = gate.parts
  if (spec.verb !== 'POST' || 'open' in spec || path.includes(':') || config.limits.rates === 'wire') return
  straight.add(`/api${path}`, FRAME_BYTES, (request, response) => {
    const caller = callerAtHand(gate, request)
    if (!caller) return false
    const run = async (text: string): Promise<void> => {
      try {
        const call = { ...callOf(gate, request, NO_PARAMS, text.length, caller.address), caller }
        write(straight, response, await served(spec, path, call, readBody(text)))
      } catch (error) {
        write(straight, response, bug(gate, path, error))
      }
    }
    readText(request, text => void run(text))
    return true
  })
}
const NO_PARAMS: Params = {}

/** What a request is answered, whichever way it has come. */
async function served(
  spec: Exclude<Route, UploadRouteSpec>,
  path: string,
  call: RestCall,
  input: { readonly value: unknown } | MeteorError,
): Promise<object> {
  if (input instanceof MeteorError) return input
  const shaped = spec.input.safeParse(input.value)
  if (!shaped.success) return invalidParams(shaped.error, input.value)
  const { gate, caller } = call
  try {
    if ('permission' in spec && spec.permission && !meets(gate.permissions, caller.account, spec.permission))
      return forbidden
    if ('twoFactor' in spec && spec.twoFactor) {
      const proof = proofOf(call.header('x-2fa-code'), call.header('x-2fa-method'))
      const unproven = await checkSecondFactor(gate, caller, spec.twoFactor, proof)
      if (unproven) return unproven
    }
    const turn = gate.pace.next('here')
    if (turn) await turn
    return await spec.run(call, shaped.data)
  } catch (error) {
    return bug(gate, path, error)
  }
}

const callers = new WeakMap<FastifyRequest, Caller>()

/** Both headers, and both of the same user. A token cannot be guessed, so wrong ones are not counted: a client that
 * goes on with a dead one must not lock its user out. */
async function callerOf({ parts }: Gate, { raw }: FastifyRequest): Promise<Caller | Envelope> {
  const text = raw.headers['x-auth-token']
  if (typeof text !== 'string') return unauthenticated
  const { tokens } = parts.identity
  return callerBy(parts, raw, tokens.peek(text) ?? (await tokens.authenticate(text))) ?? unauthenticated
}

/** The same from memory; undefined where that does not let anybody in. */
function callerAtHand({ parts }: Gate, request: IncomingMessage): Caller | undefined {
  const text = request.headers['x-auth-token']
  const found = typeof text === 'string' ? parts.identity.tokens.peek(text) : undefined
  return found && callerBy(parts, request, found)
}

function callerBy(parts: GatewayParts, request: IncomingMessage, found: Authentication): Caller | undefined {
  const { headers } = request
  if ('refused' in found || !found.account || found.account.id !== headers['x-user-id']) return undefined
  const { account, token } = found
  if (token.kind !== 'user' || !holdsUserScopes(token)) return undefined
  const agent = headers['user-agent'] ?? ''
  return { account, token, session: `rest:${token.id}`, connection: null, address: parts.addressOf(request), agent }
}

function readBody(text: string, type = ''): { readonly value: unknown } | MeteorError {
  if (text === '') return { value: {} }
  if (FORM.test(type)) return readForm(text)
  const read = parseJson(text, JSON_LIMITS)
  return read.ok ? { value: read.value } : new MeteorError('invalid-params', `the body is ${read.error}`)
}

/** Fields are texts, or lists as in a query. */
function readForm(text: string): { readonly value: unknown } | MeteorError {
  const fields: Record<string, string | string[]> = Object.create(null)
  let count = 0
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1
    if (count > FRAME_VALUES) return new MeteorError('invalid-params', 'the body has too many fields')
    const held = fields[name]
    if (Array.isArray(held)) held.push(value)
    else fields[name] = held === undefined ? value : [held, value]
  }
  return { value: withLists(fields) }
}

/** In the words of the real server's validator (RC-069). */
function invalidParams(error: z.ZodError, value: unknown): MeteorError {
  const texts = error.issues.slice(0, 5).map(({ path, message, code }) => {
    const key = String(path.at(-1) ?? '')
    const holder = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)?.[step], value)
    const missing = path.length > 0 && (holder as Record<string, unknown> | undefined)?.[key] === undefined
    if (missing) return `must have required property '${key}'`
    return code === 'invalid_value' ? 'must be equal to one of the allowed values' : `${key} ${message}`.trim()
  })
  return new MeteorError('invalid-params', texts.join(', '))
}

function answer(reply: FastifyReply, result: object): FastifyReply {
  const { status, headers, text } = answerOf(result)
  // As bytes: a string would get a charset.
  return reply.code(status).headers(headers).header('content-type', 'application/json').send(Buffer.from(text))
}

function write(straight: Straight, response: ServerResponse, result: object): void {
  const { status, headers, text } = answerOf(result)
  straight.write({ response, status, headers: { ...headers, 'content-type': 'application/json' }, text })
}

function answerOf(result: object) {
  if (result instanceof Json) return { status: 200, headers: NO_HEADERS, text: result.text }
  const { status, headers, body } = envelopeOf(result)
  return { status, headers, text: JSON.stringify(body) }
}
const NO_HEADERS: Readonly<Record<string, string>> = {}

function envelopeOf(result: object): Envelope {
  if (result instanceof Envelope) return result
  if (result instanceof MeteorError) return new Envelope(result.status, result.envelope())
  return new Envelope(200, { ...result, success: true })
}

/** What Fastify refuses before a route runs. */
function unread(gate: Gate, error: FastifyError): object {
  const status = error.statusCode ?? 500
  if (status < 400 || status >= 500) return bug(gate, 'rest', error)
  const reason =
    status === 413 ? 'the body is too large' : status === 415 ? 'the body must be JSON or a form' : 'Bad request'
  return new Envelope(status, new MeteorError('invalid-params', reason).envelope())
}
