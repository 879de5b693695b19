// The HTTP API as a plugin: `/dino/…`. Every method may carry a JSON body, GET too. The answer is HTTP 200 whatever came
// of the call, 401 without a token that is good for it.
import { parseJson } from '@conclave/wire'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { drained } from '../../drain.ts'
import type { Gate } from '../gate.ts'
import { admit, isRefused } from './admission.ts'
import { envelope } from './envelope.ts'
import { BODY_BYTES, BODY_DEPTH, BODY_VALUES } from './limits.ts'
import { openapi } from './openapi.ts'
import { Fault, type Route } from './route.ts'
import { ROUTES } from './routes.ts'

/** ms: a flood is counted per second. */
const SECOND = 1_000

export function httpApi(gate: Gate) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_BYTES }, (_, body, done) => done(null, body))
    scope.setNotFoundHandler((_, reply) =>
      send(reply.code(404), { status_code: 500, data: 'there is nothing at this path with this method' }),
    )
    scope.setErrorHandler(async (error: FastifyError, request, reply) => {
      await drained(error, request.raw)
      return send(reply, envelope({ wrapped: false }, faultOf(gate, error)))
    })
    const page = JSON.stringify(openapi(ROUTES))
    scope.get('/openapi.json', (_, reply) => reply.type('application/json; charset=utf-8').send(page))
    for (const route of ROUTES) register(scope, gate, route)
  }
}

function register(scope: FastifyInstance, gate: Gate, route: Route): void {
  scope.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: false,
    // Before the body is read: whoever may not come in does not get it parsed.
    onRequest: async (request, reply) => {
      const caller = await admit(gate.parts, request)
      if (isRefused(caller))
        return send(reply.code(401).header('www-authenticate', 'Bearer'), {
          status_code: caller.code,
          data: caller.text,
        })
      const flood = { limit: gate.parts.config.limits.flood, window: SECOND }
      const { allowed } = gate.parts.quota.takeHere(`dino.http:${caller.key}`, flood)
      if (!allowed) return send(reply, envelope(route, new Fault('too many requests in a second')))
    },
    handler: async (request, reply) => send(reply, envelope(route, await run(gate, route, request))),
  })
}

async function run(gate: Gate, route: Route, request: FastifyRequest) {
  const text = route.method === 'GET' ? await bodyOf(request) : request.body
  if (text instanceof Fault) return text
  const body = read(route, typeof text === 'string' ? text : '')
  if (body instanceof Fault) return body
  try {
    return await route.run(gate, body.value)
  } catch (error) {
    return faultOf(gate, error as Error)
  }
}

/** No body at all is an empty object. */
function read(route: Route, text: string): { readonly value: z.output<Route['body']> } | Fault {
  const json = parseJson(text.trim() === '' ? '{}' : text, {
    maxBytes: BODY_BYTES,
    maxDepth: BODY_DEPTH,
    maxKeys: BODY_VALUES,
  })
  if (!json.ok) return new Fault(`the body is not valid: ${json.error}`)
  const parsed = route.body.safeParse(json.value)
  if (parsed.success) return { value: parsed.data }
  const issue = parsed.error.issues[0]
  const path = issue?.path.map(String).join('.') ?? ''
  return new Fault(path === '' ? `the body is not valid: ${issue?.message ?? ''}` : `${path}: ${issue?.message ?? ''}`)
}

/** Fastify reads no body of a GET. */
function bodyOf({ raw }: FastifyRequest): Promise<string | Fault> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let bytes = 0
    raw.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= BODY_BYTES) chunks.push(chunk)
    })
    raw.on('end', () =>
      resolve(bytes > BODY_BYTES ? new Fault('the body is too large') : Buffer.concat(chunks).toString('utf8')),
    )
    raw.on('error', () => resolve(new Fault('the body cannot be read')))
    raw.on('close', () => resolve(new Fault('the body cannot be read')))
  })
}

/** What Fastify refuses before a route runs, what the store cannot do now, and bugs. */
function faultOf(gate: Gate, error: Partial<FastifyError> & Error): Fault {
  if (error.statusCode === 413) return new Fault('the body is too large')
  if (error.statusCode !== undefined && error.statusCode < 500) return new Fault('the request cannot be read')
  if (error.name === 'StoreFailure') return new Fault('the server cannot store this now, try again')
  gate.log.error({ wire: 'dino', err: error }, 'bug in a route')
  return new Fault('internal error')
}

function send(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}
