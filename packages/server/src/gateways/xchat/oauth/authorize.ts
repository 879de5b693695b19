// GET and POST /i/oauth2/authorize: who the user is, what the app asks for, and the way back with a code. Nothing is
// remembered between two log-ins: each one asks for the password, so there is no session that another page could use.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginResult } from '../../../identity/login.ts'
import type { Account } from '../../../room/facts.ts'
import type { Token } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { type Authorization, Back, readAuthorization, Wrong } from './authorization.ts'
import { type Fields, isFields, readForm } from './form.ts'
import type { Grants } from './grants.ts'
import { PAGES, SECRET_BYTES, SIGN_INS } from './limits.ts'
import { pageHeaders, type Shown, signInPage, wrongPage } from './page.ts'

interface SignedIn {
  readonly account: Account
  /** The token that stood for a password. */
  readonly token: Token | null
}

/** Why somebody may not go on, for the page. */
interface Stopped {
  readonly status: number
  readonly text: string
}

export class AuthorizePage {
  readonly #parts: GatewayParts
  readonly #grants: Grants

  constructor(parts: GatewayParts, grants: Grants) {
    this.#parts = parts
    this.#grants = grants
  }

  async show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { quota, addressOf } = this.#parts
    if (!(await quota.take(`xchat:page:${addressOf(request.raw)}`, PAGES)).allowed) return tooMany(reply)
    const authorization = await this.#read(request)
    if (authorization instanceof Wrong) return refuse(reply, 400, authorization.text)
    if (authorization instanceof Back) return goBack(reply, authorization)
    return this.#show(request, reply, 200, { authorization })
  }

  async decide(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { quota, addressOf } = this.#parts
    if (!(await quota.take(`xchat:sign-in:${addressOf(request.raw)}`, SIGN_INS)).allowed) return tooMany(reply)
    const authorization = await this.#read(request)
    if (authorization instanceof Wrong) return refuse(reply, 400, authorization.text)
    if (authorization instanceof Back) return goBack(reply, authorization)
    const form = readForm(typeof request.body === 'string' ? request.body : '')
    if (!isFields(form)) return refuse(reply, 400, `The form is not valid: ${form}.`)
    if (!this.#isOwnForm(request, form)) {
      const wrong = 'This form was not opened in this browser, or too long ago. Please try again.'
      return this.#show(request, reply, 403, { authorization, wrong })
    }
    if (form.decision === 'deny')
      return goBack(reply, new Back(authorization, { error: 'access_denied', error_description: 'the user said no' }))
    if (form.decision !== 'allow') return refuse(reply, 400, 'The form is not valid: decision is missing.')
    const signedIn = await this.#signIn(request, form)
    if ('status' in signedIn) {
      const { status, text: wrong } = signedIn
      return this.#show(request, reply, status, { authorization, wrong, username: form.username ?? '' })
    }
    return this.#allow(request, reply, authorization, signedIn)
  }

  async #allow(
    request: FastifyRequest,
    reply: FastifyReply,
    authorization: Authorization,
    { account, token }: SignedIn,
  ): Promise<FastifyReply> {
    const { app, scopes, redirect, challenge } = authorization
    const by = token && { id: token.id, expiresAt: token.expiresAt }
    const code = await this.#grants.begin({ app: app.id, user: account.id, scopes, redirect, challenge, by }, account)
    if (code === null) return this.#show(request, reply, 503, { authorization, wrong: 'Please try again.' })
    return goBack(reply, new Back(authorization, { code }))
  }

  async #read(request: FastifyRequest): Promise<Authorization | Back | Wrong> {
    const at = request.raw.url?.indexOf('?') ?? -1
    const fields = readForm(at < 0 ? '' : (request.raw.url as string).slice(at + 1))
    if (!isFields(fields)) return new Wrong(`The request is not valid: ${fields}.`)
    return readAuthorization(fields, id => this.#parts.identity.app(id))
  }

  async #signIn(request: FastifyRequest, form: Fields): Promise<SignedIn | Stopped> {
    const { login } = this.#parts.identity
    const address = this.#parts.addressOf(request.raw)
    const { username, password, token } = form
    if (token !== undefined) return judged(await login.byToken(token, null, address))
    if (username === undefined || password === undefined)
      return { status: 400, text: 'A user name and a password are needed.' }
    return judged(await login.byPassword({ username }, { plain: password }, address))
  }

  /** The form carries what the browser's own cookie holds, which no other site can read or set. */
  #isOwnForm(request: FastifyRequest, form: Fields): boolean {
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin') return false
    const held = this.#held(request)
    const [one, other] = [Buffer.from(held ?? ''), Buffer.from(form.proof ?? '')]
    return held !== null && one.length === other.length && timingSafeEqual(one, other)
  }

  #held(request: FastifyRequest): string | null {
    const named = (request.headers.cookie ?? '').split(/; */).filter(pair => pair.startsWith(`${this.#cookie()}=`))
    const value = named[0]?.slice(this.#cookie().length + 1) ?? ''
    return named.length === 1 && PROOF.test(value) ? value : null
  }

  #isSecure(): boolean {
    return this.#parts.publicUrl().startsWith('https:')
  }

  /** With the prefix browsers let nobody set it but this host, over TLS. */
  #cookie(): string {
    return this.#isSecure() ? '__Host-conclave-proof' : 'conclave-proof'
  }

  #show(request: FastifyRequest, reply: FastifyReply, status: number, shown: Omit<Shown, 'proof'>): FastifyReply {
    const proof = this.#held(request) ?? Buffer.from(this.#parts.random.bytes(SECRET_BYTES)).toString('base64url')
    const cookie = `${this.#cookie()}=${proof}; Path=/; HttpOnly; SameSite=Lax${this.#isSecure() ? '; Secure' : ''}`
    return reply
      .code(status)
      .headers({ ...pageHeaders(shown.authorization.redirect), 'set-cookie': cookie })
      .send(signInPage({ ...shown, proof }))
  }
}

const PROOF = /^[A-Za-z0-9_-]{43}$/

/** Whoever is unknown hears the same as whoever has another password. */
function judged(result: LoginResult): SignedIn | Stopped {
  switch (result.login) {
    case 'ok':
      return result
    case 'banned':
    case 'inactive':
      return { status: 403, text: 'This account may not log in.' }
    case 'limited':
      return { status: 429, text: 'Too many tries. Please wait a minute.' }
    case 'busy':
      return { status: 503, text: 'Too many people log in just now. Please try again.' }
    default:
      return { status: 401, text: 'The user name or the password is wrong, or the token is not good here.' }
  }
}

function tooMany(reply: FastifyReply): FastifyReply {
  return refuse(
    reply.header('retry-after', '60'),
    429,
    'Too many requests come from your address. Please wait a minute.',
  )
}

export function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).headers(pageHeaders(null)).send(wrongPage(text))
}

/** 303: the browser asks for the next page with GET and takes the password nowhere. */
function goBack(reply: FastifyReply, { url }: Back): FastifyReply {
  const headers = { location: url, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return reply.code(303).headers(headers).send()
}
