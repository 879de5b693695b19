// What a route is: X's operation, who may call it, the shapes of what comes in and goes out, and what it does. The
// shapes are the one source of validation and, later, of the OpenAPI document.

import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { parseJson } from '@conclave/wire'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Scope } from '../../identity/scopes.ts'
import type { Turns } from '../../identity/turns.ts'
import type { GatewayParts } from '../gateway.ts'
import { readText } from '../straight.ts'
import type { Activity } from './activity/index.ts'
import { refusalOf } from './failure.ts'
import { Form, readForm } from './form.ts'
import { BODY_BYTES, BODY_DEPTH, BODY_VALUES } from './limits.ts'
import type { Previous } from './previous.ts'
import { invalidRequest, Refusal, unsupported } from './problem.ts'
import type { RATES } from './rates.ts'
import { parse } from './schema.ts'
import type { AppCaller, Caller, Gate } from './session.ts'

/** X's operation ids, and ours for what X lacks. */
export type Operation = keyof typeof RATES

/** What routes work with. */
export interface XchatParts extends GatewayParts {
  readonly previous: Previous
  readonly activity: Activity
  /** Requests to join, by room. */
  readonly joins: Turns
}

/** Bytes instead of JSON: a file, or lines that go on until somebody ends them. */
export class Bytes {
  readonly type: string
  readonly body: Readable
  readonly headers: Readonly<Record<string, string>>
  readonly status: 200 | 206

  constructor(type: string, body: Readable, headers: Readonly<Record<string, string>> = {}, status: 200 | 206 = 200) {
    this.type = type
    this.body = body
    this.headers = headers
    this.status = status
  }
}

export interface Call<Query, Body, Who = Caller> {
  readonly caller: Who
  /** A path parameter, percent-decoded. Empty where the path has none of that name. */
  param(name: string): string
  /** A header of the request. Empty where it has none of that name. */
  header(name: string): string
  readonly query: Query
  /** Bytes of the body as it came. */
  readonly bytes: number
  /** Reads the body; called when everything that comes before its shape is right (x-chat.md 6). */
  body(): Body | Refusal
}

/** What is the same for whoever may call. */
interface Spec<Query extends z.ZodType, Body extends z.ZodType, Who> {
  readonly operation: Operation
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** After `/2`. */
  readonly path: string
  /** What the caller's token must hold (x-chat.md 1.1). */
  readonly scopes: readonly Scope[]
  readonly query: Query
  readonly body: Body
  /** Of JSON answers; what answers with bytes names their type. */
  readonly answer: z.ZodType | string
  /** Of a positive answer; 200 if not named. */
  readonly status?: 201
  /** Bytes of the body at most. */
  readonly bodyLimit?: number
  /** The body may also come as a multipart form. */
  readonly form?: true
  run(call: Call<z.output<Query>, z.output<Body>, Who>, parts: XchatParts): Promise<object | Bytes | Refusal>
}

export interface Route extends Spec<z.ZodType, z.ZodType, Caller | AppCaller> {
  /** Whose token it takes: a user's, an app's, or either. `scopes` bind users' tokens alone. */
  readonly who: Who
}

export type Who = 'user' | 'app' | 'either'

/** A route for users' tokens. These three keep the shapes' types inside of the route. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(spec: Spec<Query, Body, Caller>): Route {
  return { ...spec, who: 'user' } as unknown as Route
}

/** A route for apps' tokens. */
export function appRoute<Query extends z.ZodType, Body extends z.ZodType>(spec: Spec<Query, Body, AppCaller>): Route {
  return { ...spec, who: 'app' } as unknown as Route
}

/** A route for both: see `isApp`. */
export function sharedRoute<Query extends z.ZodType, Body extends z.ZodType>(
  spec: Spec<Query, Body, Caller | AppCaller>,
): Route {
  return { ...spec, who: 'either' } as unknown as Route
}

export function register(scope: FastifyInstance, gate: Gate, parts: XchatParts, spec: Route): void {
  // A form's in a scope of its own, so that forms stay unknown to all others.
  if (spec.form) void scope.register(async (inner: FastifyInstance) => registerFormIn(inner, gate, parts, spec))
  else registerIn(scope, gate, parts, spec)
  goStraight(gate, parts, spec)
}

/** So small a body is not counted while it is held (bodies.ts). */
function goStraight(gate: Gate, parts: XchatParts, spec: Route): void {
  const query = parse(spec.query, {}, '')
  const isUsual = spec.method === 'POST' && spec.who === 'user' && !spec.form && typeof spec.answer !== 'string'
  if (!isUsual || query instanceof Refusal) return
  parts.straight.add(`/2${spec.path}`, spec.bodyLimit ?? BODY_BYTES, (request, response, param) => {
    const caller = gate.atHand(request.headers, spec)
    if (!caller) return false
    const { refused, headers } = gate.count(caller.session)
    const write = (answer: object): void => {
      const refusal = answer instanceof Refusal ? answer : null
      const status = refusal ? refusal.problem.status : (spec.status ?? 200)
      const own = refusal ? { ...headersOf(refusal), 'content-type': PROBLEM } : { 'content-type': JSON_TEXT }
      const text = JSON.stringify(refusal ? refusal.problem : answer)
      parts.straight.write({ response, status, headers: { ...headers, ...own }, text })
    }
    const run = async (text: string): Promise<void> => {
      try {
        write(
          await spec.run(
            callOf(request.headers, () => param, text, caller, query, spec),
            parts,
          ),
        )
      } catch (error) {
        write(refusalOf(error as Error, parts))
      }
    }
    if (refused) write(refused)
    else readText(request, text => void run(text))
    return true
  })
}

function registerFormIn(scope: FastifyInstance, gate: Gate, parts: XchatParts, spec: Route): void {
  const read = (request: FastifyRequest, body: Buffer) => readForm(request.headers['content-type'] ?? '', body)
  scope.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, read)
  registerIn(scope, gate, parts, spec)
}

function registerIn(scope: FastifyInstance, gate: Gate, parts: XchatParts, spec: Route): void {
  scope.route({
    method: spec.method,
    url: spec.path,
    exposeHeadRoute: false,
    bodyLimit: spec.bodyLimit ?? BODY_BYTES,
    // Before the body is read: whoever may not come in does not get it parsed.
    onRequest: (request, reply, done) => {
      const hold = (caller: Caller | AppCaller): Refusal | null => {
        if (isCompressed(request)) return COMPRESSED
        ;(request as Admitted)[CALLER] = caller
        return gate.makeRoom(request, reply, caller, spec.bodyLimit ?? BODY_BYTES)
      }
      const take = (caller: Caller | AppCaller | Refusal): void => {
        const refused = caller instanceof Refusal ? caller : hold(caller)
        if (refused) refuse(reply, refused)
        else done()
      }
      const admitted = gate.admit(request, reply, spec)
      if (admitted instanceof Promise) admitted.then(take, done)
      else take(admitted)
    },
    handler: async (request, reply) => {
      const query = parse(spec.query, request.query, '')
      if (query instanceof Refusal) return refuse(reply, query)
      const caller = (request as Admitted)[CALLER]
      const params = request.params as Readonly<Record<string, string>>
      const sent = request.body instanceof Form || typeof request.body === 'string' ? request.body : ''
      const answer = await spec.run(
        callOf(request.headers, name => params[name] ?? '', sent, caller, query, spec),
        parts,
      )
      if (answer instanceof Refusal) return refuse(reply, answer)
      if (answer instanceof Bytes) {
        return reply.code(answer.status).headers(answer.headers).type(answer.type).send(answer.body)
      }
      const text = JSON.stringify(answer)
      // What changes something is answered with no more than was sent, and counted with that.
      const full = spec.method === 'GET' ? gate.makeRoomForAnswer(reply, caller, text.length) : null
      if (full) return refuse(reply, full)
      return reply
        .code(spec.status ?? 200)
        .type(JSON_TEXT)
        .send(text)
    },
  })
}

const JSON_TEXT = 'application/json; charset=utf-8'

/** Limits of bodies count the bytes that come. */
const COMPRESSED = new Refusal(unsupported('Content-Encoding: a body must not be compressed'))

function isCompressed({ headers }: FastifyRequest): boolean {
  const coding = headers['content-encoding']
  return coding !== undefined && coding.toLowerCase() !== 'identity'
}

/** Where a request says who makes it. */
export const CALLER = Symbol('caller')
type Admitted = FastifyRequest & { [CALLER]: Caller | AppCaller }

function callOf(
  headers: IncomingHttpHeaders,
  param: (name: string) => string,
  sent: string | Form,
  caller: Caller | AppCaller,
  query: unknown,
  spec: Route,
): Call<unknown, unknown, Caller | AppCaller> {
  return {
    caller,
    param,
    header: name => String(headers[name] ?? ''),
    query,
    bytes: typeof sent === 'string' ? sent.length : 0,
    body: () => (typeof sent === 'string' ? bodyOf(sent, spec) : formOf(sent, spec)),
  }
}

/** No body at all is an empty object: X's SDK sends none with a JSON content type where it has nothing to say. */
function bodyOf(text: string, spec: Route): unknown {
  if (text === '') return parse(spec.body, {}, '$.')
  const limits = { maxBytes: spec.bodyLimit ?? BODY_BYTES, maxDepth: BODY_DEPTH, maxKeys: BODY_VALUES }
  const value = parseJson(text, limits)
  return value.ok ? parse(spec.body, value.value, '$.') : new Refusal(invalidRequest('body', `body: ${value.error}`))
}

function formOf({ fields, error }: Form, spec: Route): unknown {
  return fields ? parse(spec.body, fields, '$.') : new Refusal(invalidRequest('body', `body: ${error}`))
}

export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { problem } = refusal
  return reply.code(problem.status).headers(headersOf(refusal)).type(PROBLEM).send(JSON.stringify(problem))
}

function headersOf({ problem, headers }: Refusal): Readonly<Record<string, string>> {
  return problem.status === 503 ? { 'retry-after': '1', ...headers } : headers
}
const PROBLEM = 'application/problem+json; charset=utf-8'
