// `GET /file-upload/<id>/<name>` and its older form below `/ufs/`: a file, for whoever may read its message now (L10). Its
// content is its sender's: browsers save it, run nothing of it and guess nothing about it. One answer, 403, for what is not
// there and for what is somebody else's.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FoundFile } from '../../../engine/message-files.ts'
import { holdsUserScopes } from '../../../identity/scopes.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import { rangeOf } from '../../range.ts'
import { originAllowed } from '../../upgrades.ts'
import { bug } from '../dispatch.ts'
import type { Gate } from '../gate.ts'
import { attachmentHeader, servedTypeOf } from './file-names.ts'

/** What follows the id is the file's name, for whoever saves it: nothing is found by it. */
const PATHS = ['/file-upload/:id', '/file-upload/:id/*', '/ufs/:store/:id', '/ufs/:store/:id/*'] as const

export function downloads(gate: Gate) {
  return async (scope: FastifyInstance): Promise<void> => {
    for (const url of PATHS) {
      scope.route({
        method: ['GET', 'HEAD'],
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          try {
            return await download(gate, request, reply)
          } catch (error) {
            bug(gate, 'file-upload', error)
            return refuse(reply, 500)
          }
        },
      })
    }
  }
}

async function download(gate: Gate, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { origin } = request.headers
  if (origin !== undefined) {
    if (!originAllowed(gate.parts.config.origins, request.headers)) return refuse(reply, 403)
    reply.header('access-control-allow-origin', origin).header('vary', 'origin')
  }
  const found = await fileFor(gate, request)
  if (!found) return refuse(reply, 403)
  const { key, file } = found.medium
  const tag = `"${key}"`
  reply
    .header('etag', tag)
    // Asked for each time: a right may have ended.
    .header('cache-control', 'private, no-cache')
    .header('accept-ranges', 'bytes')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('referrer-policy', 'no-referrer')
    .header('content-disposition', attachmentHeader(file.name))
    .header('content-type', servedTypeOf(file.type))
    .header('last-modified', new Date(file.uploadedAt).toUTCString())
  if (request.headers['if-none-match'] === tag) return reply.code(304).removeHeader('content-type').send()
  return send(request, reply, found, tag)
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  found: FoundFile,
  tag: string,
): Promise<FastifyReply> {
  const condition = request.headers['if-range']
  const isSame = condition === undefined || condition === tag
  const part = isSame ? rangeOf(request.headers.range ?? '', found.bytes) : undefined
  if (part === 'unsatisfiable') return refuse(reply.header('content-range', `bytes */${found.bytes}`), 416)
  const { from, to } = part ?? { from: 0, to: found.bytes }
  reply.code(part ? 206 : 200).header('content-length', to - from)
  if (part) reply.header('content-range', `bytes ${from}-${to - 1}/${found.bytes}`)
  if (request.method === 'HEAD') return reply.send()
  const body = await found.read(part)
  if (!isRejection(body)) return reply.send(body)
  return refuse(reply, body.rejected === 'busy' ? 429 : 503)
}

/** A few words: an answer without a body is taken for a file of no bytes. */
function refuse(reply: FastifyReply, status: number): FastifyReply {
  for (const name of ['content-length', 'content-disposition', 'etag', 'last-modified']) reply.removeHeader(name)
  return reply.code(status).header('content-type', 'text/plain').send(WORDS[status])
}
const WORDS: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

async function fileFor(gate: Gate, request: FastifyRequest): Promise<FoundFile | undefined> {
  const { id } = request.params as { id: string }
  const { files } = gate.parts.media
  const reader = await readerOf(gate, request)
  if (reader) {
    const found = await files.open(reader, id, gate.settings.get('FileUpload_Restrict_to_room_members'))
    if (found) return found
  }
  return gate.settings.get('FileUpload_ProtectFiles') ? undefined : files.open(null, id, false)
}

/** By the query, else by cookies, else by headers: the first that names a user decides. A page of another site could tell by
 * an image that loads what somebody may read: cookies that come on its behalf do not count. */
async function readerOf({ parts }: Gate, request: FastifyRequest): Promise<Account | null> {
  const query = request.query as Readonly<Record<string, unknown>>
  const cookies = cookiesIn(isForeign(request) ? '' : request.headers.cookie)
  const [user, text] = query.rc_uid
    ? [query.rc_uid, query.rc_token]
    : cookies.has('rc_uid')
      ? [cookies.get('rc_uid'), cookies.get('rc_token')]
      : [request.headers['x-user-id'], request.headers['x-auth-token']]
  if (typeof user !== 'string' || typeof text !== 'string') return null
  const found = await parts.identity.tokens.authenticate(text)
  if ('refused' in found || found.account?.id !== user) return null
  return found.token.kind === 'user' && holdsUserScopes(found.token) ? found.account : null
}

function isForeign({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'
}

function cookiesIn(header = ''): ReadonlyMap<string, string> {
  const pairs = header.split(';').flatMap(pair => {
    const equals = pair.indexOf('=')
    return equals < 0 ? [] : [[pair.slice(0, equals).trim(), decoded(pair.slice(equals + 1).trim())] as const]
  })
  return new Map(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
