// `POST /hooks/<integration>/<secret>`: a message of another program, as JSON or as a form with `payload`. Who calls is known
// before the body is read; a wrong secret and an unknown hook are answered alike. Encrypted rooms take no such message (L3).
import { parseJson } from '@conclave/wire'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MESSAGE_EXTRA } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { isHidden } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { drain } from '../../drain.ts'
import { bug, dispatch } from '../dispatch.ts'
import { accountOf } from '../encode.ts'
import { errorOf, MeteorError, tooMany } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { FRAME_BYTES, FRAME_DEPTH, FRAME_VALUES, HOOK_CALLS, HOOK_TARGETS } from '../limits.ts'
import { mentionsOf, withChannels } from '../messages/message.ts'
import { checkForm } from '../messages/message-form.ts'
import { filtered } from '../messages/words.ts'
import { roomOf } from '../names.ts'
import { Envelope } from '../route.ts'
import { type Integration, integrationCalled } from './integration.ts'

const PATHS = ['/hooks/:id/:secret', '/hooks/:id/:user/:secret'] as const
const LIMITS = { maxBytes: FRAME_BYTES, maxDepth: FRAME_DEPTH, maxKeys: FRAME_VALUES }
const unknown = new Envelope(404, { success: false, error: 'Invalid integration id or token provided.' })
const disabled = new Envelope(503, { success: false, error: 'integration-disabled' })
const overriding = 'overriding destination channel is disabled for this integration'
const elsewhereRefused = new Envelope(400, { success: false, error: overriding })

const text = z.string().nullish()
const places = z.union([z.string(), z.array(z.string()).max(HOOK_TARGETS)]).nullish()
const payload = z.looseObject({
  text,
  msg: text,
  channel: places,
  roomId: places,
  username: text,
  alias: text,
  icon_emoji: text,
  emoji: text,
  icon_url: text,
  avatar: text,
  attachments: z.array(z.unknown()).nullish(),
  parseUrls: z.boolean().nullish(),
})
type Payload = z.output<typeof payload>

export function hooks(gate: Gate) {
  const called = new WeakMap<FastifyRequest, Integration>()
  return async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers()
    const read = { parseAs: 'string' } as const
    for (const type of [/^application\/json(?:;|$)/i, /^application\/x-www-form-urlencoded(?:;|$)/i])
      scope.addContentTypeParser(type, read, (_request, body, done) => done(null, body))
    scope.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
      await drain(request.raw)
      const status = error.statusCode ?? 500
      if (status >= 500) bug(gate, 'hooks', error)
      return answer(reply, new Envelope(status, { success: false, error: 'The request cannot be read' }))
    })
    for (const url of PATHS) {
      scope.route({
        method: 'POST',
        url,
        bodyLimit: FRAME_BYTES,
        onRequest: async (request, reply) => {
          const { id, secret } = request.params as { id: string; secret: string }
          const integration = await integrationCalled(gate, id, secret)
          if (integration) called.set(request, integration)
          const refused = integration ? await mayCall(gate, integration) : unknown
          return refused ? answer(reply, refused) : undefined
        },
        handler: async (request, reply) => {
          try {
            const integration = called.get(request) as Integration
            return await answer(reply, await run(gate, integration, request))
          } catch (error) {
            return answer(reply, bug(gate, 'hooks', error))
          }
        },
      })
    }
  }
}

async function mayCall({ parts }: Gate, { id, enabled }: Integration): Promise<Envelope | MeteorError | null> {
  if (!enabled) return disabled
  return (await parts.quota.take(`hook:${id}`, HOOK_CALLS)).allowed ? null : tooMany(HOOK_CALLS.window)
}

function answer(reply: FastifyReply, result: object): FastifyReply {
  const failed = result instanceof MeteorError
  const status = result instanceof Envelope || failed ? result.status : 200
  const body = result instanceof Envelope ? result.body : failed ? result.envelope() : { success: true }
  return reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)))
}

async function run(gate: Gate, integration: Integration, request: FastifyRequest): Promise<object> {
  const body = typeof request.body === 'string' ? request.body : ''
  const given = payload.safeParse(valueIn(body, request.headers['content-type'] ?? ''))
  if (!given.success) return new MeteorError('invalid-params', 'The message is malformed')
  const named = [...new Set([given.data.channel || given.data.roomId || []].flat())].filter(name => name !== '')
  if (named.length > 0 && !integration.elsewhere) return elsewhereRefused
  const agent = request.headers['user-agent'] ?? ''
  const session = { session: `hook:${integration.id}`, address: gate.parts.addressOf(request.raw), agent }
  const account = integration.as && (await accountOf(gate.parts, integration.as))
  if (integration.as && !account?.active) return new MeteorError('error-invalid-user', 'Invalid user')
  const poster = account ? { account, token: null, connection: null, ...session } : null
  const rooms =
    named.length > 0 ? await roomsElsewhere(gate, integration, poster, named) : await roomsOf(gate, integration, poster)
  if (rooms instanceof MeteorError) return rooms
  for (const room of rooms) {
    const refused = await post(gate, integration, poster, room, given.data, body.length)
    if (refused) return refused
  }
  return {}
}

function valueIn(body: string, type: string): unknown {
  const json = (given: string): unknown => {
    const read = parseJson(given, LIMITS)
    return read.ok ? read.value : undefined
  }
  if (body === '') return {}
  if (!/^application\/x-www-form-urlencoded/i.test(type)) return json(body)
  const fields = new URLSearchParams(body)
  const given = fields.get('payload')
  return given === null ? Object.fromEntries(fields) : json(given)
}

const invalidRoom = new MeteorError('error-invalid-room', 'Invalid room')

async function roomsOf(
  gate: Gate,
  integration: Integration,
  poster: Caller | null,
): Promise<RoomState[] | MeteorError> {
  const rooms: RoomState[] = []
  for (const { name, room } of integration.targets) {
    const found =
      room === null ? await directWith(gate, poster, name.slice(1)) : (await gate.parts.reading.room(room))?.room
    if (!found) return invalidRoom
    // Whoever was put out of the room posts there no more by a hook either.
    if (!integration.anywhere && room !== null && !found.members.has(integration.by)) return invalidRoom
    rooms.push(found)
  }
  return rooms
}

/** By id, `#name` or `@user`. The server itself posts to rooms that everybody sees, a user to those that they are in. */
async function roomsElsewhere(
  gate: Gate,
  integration: Integration,
  poster: Caller | null,
  named: readonly string[],
): Promise<RoomState[] | MeteorError> {
  const own = await roomsOf(gate, integration, poster)
  const rooms: RoomState[] = []
  for (const name of named) {
    const found = name.startsWith('@')
      ? await directWith(gate, poster, name.slice(1))
      : await roomElsewhere(gate, poster, name.replace(/^#/, ''), own instanceof MeteorError ? [] : own)
    if (!found) return invalidRoom
    rooms.push(found)
  }
  return rooms
}

async function roomElsewhere(
  gate: Gate,
  poster: Caller | null,
  name: string,
  own: readonly RoomState[],
): Promise<RoomState | undefined> {
  const { reading } = gate.parts
  const asked = poster?.account ?? { id: '0' }
  const byId = await roomOf(gate.parts, asked as Caller['account'], name)
  const rooms = byId ? [byId.room] : await reading.named(name)
  return rooms.find(room =>
    poster ? room.members.has(poster.account.id) : !isHidden(room) || own.some(each => each.id === room.id),
  )
}

async function directWith(gate: Gate, poster: Caller | null, username: string): Promise<RoomState | undefined> {
  if (!poster) return undefined
  const made = await dispatch(gate, poster, { name: 'createDirectMessage', params: [username], bytes: 0 })
  if ('error' in made) return undefined
  return (await roomOf(gate.parts, poster.account, (made.result as { rid: string }).rid))?.room
}

async function post(
  gate: Gate,
  integration: Integration,
  poster: Caller | null,
  room: RoomState,
  given: Payload,
  bytes: number,
): Promise<MeteorError | null> {
  const said = (given.text || given.msg || '').trim()
  const picture = given.icon_url || given.avatar || integration.avatar
  const emoji = given.icon_emoji || given.emoji || integration.emoji
  const alias = given.username || given.alias || integration.alias
  const extra = {
    ...(alias ? { alias } : {}),
    ...(picture ? { avatar: picture } : emoji ? { emoji } : {}),
    ...(given.attachments && given.attachments.length > 0 ? { attachments: given.attachments } : {}),
    ...(given.parseUrls === false ? { parseUrls: false } : {}),
    groupable: false,
    bot: { i: integration.id },
  }
  const unfit = checkForm({ msg: said, ...extra })
  if (unfit) return unfit
  if (said === '' && !('attachments' in extra)) return errorOf({ rejected: 'message.empty' }, METHOD)
  const most = gate.settings.get('Message_MaxAllowedSize')
  if (said.length > most || JSON.stringify(extra).length > MESSAGE_EXTRA)
    return errorOf({ rejected: 'message.size', limit: most }, METHOD)
  const plain = { suite: 'none', text: filtered(gate, said), extra: { rocketchat: extra } } as const
  const mentions = poster ? await mentionsOf(gate, poster, room, plain) : undefined
  const done = await gate.parts.engine.submit({
    room: room.id,
    session: `hook:${integration.id}`,
    bytes: bytes + 512,
    command: {
      command: 'send-message',
      actor: poster?.account.id ?? null,
      content: poster ? await withChannels(gate, poster, plain) : plain,
      ...(mentions ? { mentions } : {}),
      messageId: null,
      digest: '',
      inside: false,
      attributes: null,
      origin: null,
    },
  })
  return isRejection(done) ? errorOf(done, METHOD) : null
}

const METHOD = 'processWebhookMessage'
