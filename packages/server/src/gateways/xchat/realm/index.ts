// The realms over HTTP (x-chat.md 7): `POST {address}req`, CBOR in and out, a token of the realm in front. What is
// decided is on disk before it is answered, so that no answer to a guess leaves that was not counted.
import type { UserId } from '@conclave/wire'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Turns } from '../../../identity/turns.ts'
import { ATTEMPTS } from '../../../limits.ts'
import type { Row } from '../../../store/store.ts'
import { originAllowed } from '../../upgrades.ts'
import { problem, Refusal, UNAUTHORIZED, unavailable } from '../problem.ts'
import { refuse, type XchatParts } from '../route.ts'
import { OLDEST_SDK, REALM_RATE, REQUEST_BYTES, SDK_VERSION, WAITING_REQUESTS } from './limits.ts'
import { realmsOf } from './realms.ts'
import { decide, type Kept, keptOf, textOf } from './record.ts'
import { type Answer, type RealmRequest, readRequest } from './requests.ts'
import { admittedBy } from './tokens.ts'

const KIND = 'xchat.realm-record'
const BEARER = /^Bearer +([^\s,]+) *$/i
const VERSION = /^([0-9]+)\.([0-9]+)\.[0-9]+(?:[-+].*)?$/
const HEADERS = 'authorization, content-type, x-juicebox-version'

/** How the framework's and the store's failures are answered on this wire. */
export type AnswerFailure = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

export function realmPlugin(parts: XchatParts, failed: AnswerFailure) {
  return async (scope: FastifyInstance): Promise<void> => {
    const turns = new Turns(WAITING_REQUESTS)
    const places = new WeakMap<FastifyRequest, Place>()
    scope.removeAllContentTypeParsers()
    // Whatever a client calls it: the SDK calls it nothing.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
    scope.setNotFoundHandler((_, reply) => refuse(reply, absent('there is nothing at this path with this method')))
    scope.setErrorHandler(failed)
    scope.addHook('onRequest', async (request, reply) => guardOrigin(parts, request, reply))
    // The SDK in a browser asks first.
    scope.options('/*', async (_, reply) => reply.code(204).send())
    scope.post<{ Params: { realm: string } }>('/:realm/req', {
      bodyLimit: REQUEST_BYTES,
      // Before the body is read, as on the rest of the wire.
      onRequest: async (request, reply) => {
        const place = await admit(request, request.params.realm, parts)
        if (place instanceof Refusal) return refuse(reply, place)
        places.set(request, place)
      },
      handler: async (request, reply) => {
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
        const asked = readRequest(body)
        if (asked instanceof Refusal) return refuse(reply, asked)
        const place = places.get(request) as Place
        const { key, mayReplace } = place
        if (!mayReplace && REPLACING.has(asked.name)) return refuse(reply, unauthorized(READ_ONLY))
        const answer = await turns.run(key, () => answerTo(asked, place, parts))
        if (answer === undefined || answer === 'overtaken')
          return refuse(reply, new Refusal(unavailable('other requests are in front, try again')))
        return reply.type('application/cbor').send(Buffer.from(answer))
      },
    })
  }
}

/** What makes or takes away what a realm keeps. */
const REPLACING: ReadonlySet<RealmRequest['name']> = new Set(['Register1', 'Register2', 'Delete'])
const READ_ONLY = 'the token was given for one without the scope dm.write: it recovers and replaces nothing'

/** Where a token leads. */
interface Place {
  /** Of the record. */
  readonly key: string
  readonly user: UserId
  readonly mayReplace: boolean
}

async function admit({ headers }: FastifyRequest, id: string, parts: XchatParts): Promise<Place | Refusal> {
  if (!isRecent(headers['x-juicebox-version'])) {
    const text = `X-Juicebox-Version: must be ${OLDEST_SDK.major}.${OLDEST_SDK.minor}.0 or later`
    return new Refusal(problem('about:blank', 'Upgrade Required', 426, text))
  }
  const realm = (await realmsOf(parts)).find(each => each.id === id)
  if (!realm) return absent('there is no such realm')
  const token = BEARER.exec(headers.authorization ?? '')?.[1]
  const admitted = token === undefined ? undefined : await admittedBy(token, realm, parts.clock.now())
  const user = admitted && (await userOf(admitted.token, parts))
  if (!admitted || !user) return unauthorized(UNAUTHORIZED.detail)
  const key = `${realm.id}.${admitted.subject}`
  const taken = await parts.quota.take(`juicebox:${key}`, REALM_RATE)
  return taken.allowed ? { key, user, mayReplace: admitted.mayReplace } : tooMany(taken.resetsAt - parts.clock.now())
}

/** undefined once the token was revoked, or its user may not come in. One that runs out while a PIN is typed is good to
 * the end. */
async function userOf(id: string, { identity }: XchatParts): Promise<UserId | undefined> {
  const token = await identity.tokens.find(id)
  const found = token && (await identity.tokens.again(token))
  return found && (!('refused' in found) || found.refused === 'expired') ? (token.user ?? undefined) : undefined
}

function unauthorized(detail: string): Refusal {
  return new Refusal({ ...UNAUTHORIZED, detail }, { 'www-authenticate': 'Bearer' })
}

function isRecent(version: string | string[] | undefined): boolean {
  if (typeof version !== 'string' || version.length > SDK_VERSION) return false
  const [, major, minor] = VERSION.exec(version) ?? []
  if (major === undefined) return false
  const ahead = Number(major) - OLDEST_SDK.major || Number(minor) - OLDEST_SDK.minor
  return ahead >= 0
}

/** Decides on what the store holds and writes it, again when another node was faster. */
async function answerTo(asked: RealmRequest, { key, user }: Place, parts: XchatParts): Promise<Answer | 'overtaken'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const document = await parts.reading.document(KIND, key)
    const kept = document === undefined ? null : keptOf(document.body)
    const { answer, keep } = decide(kept, asked, { now: parts.clock.now(), random: parts.random })
    if (keep === undefined) return answer
    const guards = [{ of: 'document', id: `${KIND}/${key}`, version: document?.version ?? 0 }] as const
    const { outcome } = await parts.write({ guards, append: null, rows: [rowOf(key, user, keep)] })
    if (outcome === 'committed') return answer
  }
  return 'overtaken'
}

/** The user's own, so that it goes with the account. */
function rowOf(key: string, user: UserId, keep: Kept | null): Row {
  if (keep === null) return { drop: 'document', kind: KIND, key }
  return { put: 'document', document: { kind: KIND, key, owner: user, body: textOf(keep), dueAt: null } }
}

function guardOrigin({ config }: XchatParts, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const { origin } = request.headers
  if (origin === undefined) return undefined
  if (!originAllowed(config.origins, request.headers))
    return refuse(reply, new Refusal(problem('about:blank', 'Forbidden', 403, 'this origin is not allowed')))
  reply.header('access-control-allow-origin', origin).header('vary', 'origin')
  reply.header('access-control-allow-headers', HEADERS).header('access-control-allow-methods', 'POST')
  return undefined
}

function absent(detail: string): Refusal {
  return new Refusal(problem('about:blank', 'Not Found', 404, detail))
}

function tooMany(wait: number): Refusal {
  const seconds = String(Math.max(1, Math.ceil(wait / 1000)))
  const about = problem('rate-limit-exceeded', 'Too Many Requests', 429, 'Too Many Requests')
  return new Refusal(about, { 'retry-after': seconds })
}
