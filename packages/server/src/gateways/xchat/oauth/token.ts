// POST /2/oauth2/token, POST /oauth2/token and POST /2/oauth2/revoke: answers and errors in the form of RFC 6749 (5) and
// RFC 7009.
import OAuth2Server from '@node-oauth/oauth2-server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isNative } from '../../../identity/redirects.ts'
import type { GatewayParts } from '../../gateway.ts'
import { AppTokens } from './app-tokens.ts'
import { Clients, credentialsOf } from './clients.ts'
import { type Fields, isFields, readForm } from './form.ts'
import type { Grants } from './grants.ts'
import { ACCESS, REFRESH, TOKEN_CALLS } from './limits.ts'
import { Limited, Model } from './model.ts'

const { OAuthError, Request, Response } = OAuth2Server

/** An answer that is no success. */
export class Fault {
  readonly status: number
  readonly error: string
  readonly text: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, error: string, text: string, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.error = error
    this.text = text
    this.headers = headers
  }
}

export class TokenRoutes {
  readonly #parts: GatewayParts
  readonly #clients: Clients
  readonly #grants: Grants
  readonly #appTokens: AppTokens

  constructor(parts: GatewayParts, grants: Grants) {
    this.#parts = parts
    this.#clients = new Clients(parts)
    this.#grants = grants
    this.#appTokens = new AppTokens(parts)
  }

  /** `legacy`: X's older route, which gives an app the one token that lasts. */
  async token(request: FastifyRequest, reply: FastifyReply, legacy: boolean): Promise<FastifyReply> {
    const form = await this.#form(request)
    if (form instanceof Fault) return fail(reply, form)
    if (legacy && form.grant_type !== undefined && form.grant_type !== 'client_credentials')
      return fail(
        reply,
        new Fault(400, 'unsupported_grant_type', 'this route gives tokens of apps: client_credentials'),
      )
    const model = new Model({
      clients: this.#clients,
      grants: this.#grants,
      appTokens: this.#appTokens,
      address: this.#parts.addressOf(request.raw),
      lasting: legacy,
    })
    const fault = await ask(model, request, form)
    if (fault) return fail(reply, fault)
    const { given } = model
    if (!given) throw new Error('a token was saved and not given')
    return send(reply, 200, {
      token_type: 'bearer',
      ...(given.lifetime === null ? {} : { expires_in: given.lifetime }),
      access_token: given.access,
      ...(given.scopes === null ? {} : { scope: given.scopes.join(' ') }),
      ...(given.refresh === null ? {} : { refresh_token: given.refresh }),
    })
  }

  /** Whatever the token was: who asks learns nothing of tokens that are not theirs (RFC 7009 section 2.2). */
  async revoke(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = await this.#form(request)
    if (form instanceof Fault) return fail(reply, form)
    const { id, secret } = credentialsOf(request, form)
    if (id === undefined) return fail(reply, unknownClient(request, 'client_id: is missing but it is required'))
    const client = await this.#clients.identify(id, secret, this.#parts.addressOf(request.raw))
    if (client === 'limited') return fail(reply, LIMITED)
    if (client === 'unknown') return fail(reply, unknownClient(request, 'the app is unknown, or its secret is wrong'))
    if (form.token === undefined) return fail(reply, invalid('token: is missing but it is required'))
    const grant = await this.#grants.ofAny(form.token)
    if (grant?.app === client.app.id) {
      if (!client.proven && !isNative(grant.redirect))
        return fail(reply, unknownClient(request, 'the secret of the app is missing'))
      await this.#grants.end(grant.key, 'revoked by the app')
    } else if (client.proven) {
      await this.#appTokens.revoke(client.app, form.token)
    }
    return send(reply, 200, { revoked: true })
  }

  async #form(request: FastifyRequest): Promise<Fields | Fault> {
    const { quota, addressOf } = this.#parts
    if (!(await quota.take(`xchat:tokens:${addressOf(request.raw)}`, TOKEN_CALLS)).allowed) return LIMITED
    const form = readForm(typeof request.body === 'string' ? request.body : '')
    return isFields(form) ? form : invalid(form)
  }
}

/** null when the model has given what was asked for. */
async function ask(model: Model, request: FastifyRequest, form: Fields): Promise<Fault | null> {
  const server = new OAuth2Server({
    model: model.asked(),
    accessTokenLifetime: ACCESS / 1_000,
    refreshTokenLifetime: REFRESH / 1_000,
    // Whether one was needed is known when the log-in is: see `Model`.
    requireClientAuthentication: { authorization_code: false, refresh_token: false },
  })
  const response = new Response({})
  const headers = request.headers as Record<string, string>
  try {
    await server.token(new Request({ headers, method: 'POST', query: {}, body: { ...form } }), response)
    return null
  } catch (error) {
    return faultOf(error, request)
  }
}

/** What is not the client's doing goes on to the wire's own handler. */
function faultOf(error: unknown, request: FastifyRequest): Fault {
  const cause = error instanceof OAuthError && 'inner' in error ? error.inner : error
  if (cause instanceof Limited) return LIMITED
  if (!(error instanceof OAuthError) || error.name === 'server_error') throw cause
  if (error.name === 'invalid_client') return unknownClient(request, error.message)
  return new Fault(error.code ?? 400, error.name, error.message)
}

export function invalid(text: string): Fault {
  return new Fault(400, 'invalid_request', text)
}

/** With the challenge where the client tried the header (RFC 6749 section 5.2). */
function unknownClient(request: FastifyRequest, text: string): Fault {
  const headers: Record<string, string> = {}
  if (request.headers.authorization !== undefined) headers['www-authenticate'] = 'Basic realm="apps"'
  return new Fault(401, 'invalid_client', text, headers)
}

const LIMITED = new Fault(429, 'temporarily_unavailable', 'too many requests, try again later', { 'retry-after': '60' })

export function fail(reply: FastifyReply, { status, error, text, headers }: Fault): FastifyReply {
  // RFC 6749 section 5.2 leaves out quotes and backslashes.
  return send(reply.headers(headers), status, { error, error_description: text.replace(/["\\]/g, "'") })
}

function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body))
}
