// REST under `/api` (rocketchat.md section 2): log-in by header, envelopes, and everything that is refused in this wire's
// own words. The content type is literally `application/json`: clients compare it.

import { parseJson } from '@conclave/wire'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { holdsUserScopes } from '../../identity/scopes.ts'
import { drain, drained } from '../drain.ts'
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
import { Envelope, forbidden, isUpload, type RestCall, type Route, type UploadRouteSpec } from './route.ts'
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
    for (const spec of ROUTES) if (!isUpload(spec)) for (const path of spec.paths) register(scope, gate, spec, path)
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
        const result = await spec.run({ ...callOf(gate, request, 0), caller }, request.raw)
        return await (request.raw.complete ? answer(reply, result) : answerUnread(request, reply, result))
      } catch (error) {
        return answer(reply.header('connection', 'close'), bug(gate, path, error))
      }
    },
  })
}

function callOf(gate: Gate, request: FastifyRequest, bytes: number): Omit<RestCall, 'caller'> {
  const params = request.params as Readonly<Record<string, string>>
  return {
    gate,
    bytes,
    address: gate.parts.addressOf(request.raw),
    param: name => params[name] ?? '',
    header: name => [request.headers[name]].flat()[0],
  }
}

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
      if (input instanceof MeteorError) return answer(reply, input)
      const shaped = spec.input.safeParse(input.value)
      if (!shaped.success) return answer(reply, invalidParams(shaped.error, input.value))
      const call = callOf(gate, request, text.length)
      try {
        const caller = callers.get(request) as Caller
        if ('permission' in spec && spec.permission && !meets(gate.permissions, caller.account, spec.permission))
          return await answer(reply, forbidden)
        if ('twoFactor' in spec && spec.twoFactor) {
          const proof = proofOf(call.header('x-2fa-code'), call.header('x-2fa-method'))
          const unproven = await checkSecondFactor(gate, caller, spec.twoFactor, proof)
          if (unproven) return await answer(reply, unproven)
        }
        await gate.pace.next('here')
        return await answer(reply, await spec.run({ ...call, caller }, shaped.data))
      } catch (error) {
        return answer(reply, bug(gate, path, error))
      }
    },
  })
}

const callers = new WeakMap<FastifyRequest, Caller>()

/** Both headers, and both of the same user. A token cannot be guessed, so wrong ones are not counted: a client that
 * goes on with a dead one must not lock its user out. */
async function callerOf({ parts }: Gate, request: FastifyRequest): Promise<Caller | Envelope> {
  const text = request.headers['x-auth-token']
  const user = request.headers['x-user-id']
  if (typeof text !== 'string' || typeof user !== 'string') return unauthenticated
  const { tokens } = parts.identity
  const found = tokens.peek(text) ?? (await tokens.authenticate(text))
  if ('refused' in found || !found.account || found.account.id !== user) return unauthenticated
  const { account, token } = found
  if (token.kind !== 'user' || !holdsUserScopes(token)) return unauthenticated
  const agent = request.headers['user-agent'] ?? ''
  return { account, token, session: `rest:${token.id}`, connection: null, address: parts.addressOf(request.raw), agent }
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
  const { status, body, headers } = envelopeOf(result)
  // As bytes: a string would get a charset.
  return reply
    .code(status)
    .headers(headers)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)))
}

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
