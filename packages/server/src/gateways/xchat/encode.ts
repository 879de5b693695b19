// A room event as X's clients read it: the thrift envelope that they decrypt and whose signature they verify
// (x-chat.md 4.1, 5.4). What a member signed goes in byte for byte, under the canonical conversation id.
import type { EventId, UserId } from '@conclave/wire'
import { decodeBase64, uuidOf } from '@conclave/wire'
import type { MessageEventSignature } from '@conclave/wire/xchat/events'
import { encodeDetail, encodeMessageEvent, wrapMessageCreate } from '@conclave/wire/xchat/events'
import type { Notifications } from '../../engine/notifications.ts'
import type { EventBody, RoomEvent, Signed } from '../../room/events.ts'

/** The server itself, where nobody else did it. */
const SERVER = '0' as UserId

/** One event in both of its forms: base64 thrift, and what stands beside it in JSON. */
export interface Encoded {
  readonly event: RoomEvent
  readonly messageId: string
  readonly conversationId: string
  readonly senderId: UserId
  /** Base64 of a MessageEvent. */
  readonly envelope: string
  readonly previous: EventId | null
  readonly signature: MessageEventSignature | null
  readonly conversationToken: string | undefined
}

/** What a member said of notifications, for themselves alone: base64 of an envelope that X's engine verifies. It stands in
 * no log, so nothing comes before it. */
export function encodeNotifications({ id, at, signed }: Notifications, user: UserId, conversationId: string): string {
  const { messageId, detail, signature } = insideSigned(signed)
  const ids = { sequenceId: id, messageId, senderId: user, conversationId, createdAtMsec: String(at) }
  return encodeMessageEvent({ ...ids, detail, signature: signature ?? undefined })
}

interface Inside {
  readonly messageId: string
  /** One encoded MessageEventDetail. */
  readonly detail: Uint8Array
  readonly signature: MessageEventSignature | null
  readonly conversationToken?: string | undefined
}

/** Messages, keys and changes of the group. Rooms' making, rules and sanctions have no form on this wire. */
export function isShown({ body, erased }: Pick<RoomEvent, 'body' | 'erased'>): boolean {
  return !erased && hasForm(body)
}

/** It is shown here, or was until it was deleted. */
export function hasForm(body: EventBody): boolean {
  switch (body.type) {
    case 'message':
      return body.content.suite === 'xchat'
    case 'members.removed':
      return true
    default:
      return signedIn(body) !== null
  }
}

/** Characters that its envelope has at least: of what a member sent or signed. */
export function charactersOf({ body }: RoomEvent): number {
  if (body.type === 'message') return body.content.suite === 'xchat' ? body.content.createEvent.length : 0
  return signedIn(body)?.detail.length ?? 0
}

/** `previous`: the event before it that this wire shows. Undefined for an event that it does not show. */
export function encodeEvent(event: RoomEvent, conversationId: string, previous: EventId | null): Encoded | undefined {
  const inside = isShown(event) ? insideOf(event) : undefined
  if (!inside) return undefined
  const { messageId, detail, signature, conversationToken } = inside
  const senderId = event.actor ?? SERVER
  const envelope = encodeMessageEvent({
    sequenceId: event.id,
    messageId,
    senderId,
    conversationId,
    conversationToken,
    createdAtMsec: String(event.at),
    detail,
    signature: signature ?? undefined,
    previousSequenceId: previous ?? undefined,
  })
  return { event, messageId, conversationId, senderId, envelope, previous, signature, conversationToken }
}

function insideOf(event: RoomEvent): Inside | undefined {
  const { body } = event
  if (body.type === 'message') return insideMessage(body)
  const signed = signedIn(body)
  if (signed) return insideSigned(signed)
  if (body.type !== 'members.removed') return undefined
  const change = { kind: 'memberRemove', ids: body.users } as const
  // Nobody signed it: the id is the event's own, in the form that message ids have.
  return { messageId: uuidOf(event.id), detail: encodeDetail({ kind: 'groupChange', change }), signature: null }
}

function insideMessage({ messageId, content }: Extract<EventBody, { type: 'message' }>): Inside | undefined {
  if (content.suite !== 'xchat') return undefined
  const { publicKeyVersion, signatureVersion, conversationToken } = content
  return {
    messageId: messageId ?? '',
    detail: wrapMessageCreate(bytesOf(content.createEvent)),
    signature: { signature: content.signature, publicKeyVersion, signatureVersion },
    conversationToken,
  }
}

function insideSigned({ messageId, detail, signature, publicKeyVersion, signatureVersion }: Signed): Inside {
  return { messageId, detail: bytesOf(detail), signature: { signature, publicKeyVersion, signatureVersion } }
}

/** What the room took in is base64: anything else here is damage. */
function bytesOf(base64: string): Uint8Array {
  const bytes = decodeBase64(base64, Number.MAX_SAFE_INTEGER)
  if (!bytes) throw new Error('a stored event is not base64')
  return bytes
}

function signedIn(body: EventBody): Signed | null {
  switch (body.type) {
    case 'group.signed':
    case 'epoch.opened':
    case 'members.added':
    case 'members.removed':
    case 'messages.deleted':
    case 'roles.changed':
    case 'room.retitled':
    case 'invite.enabled':
    case 'invite.disabled':
    case 'join.requested':
    case 'join.rejected':
    case 'ttl.changed':
      return body.signed
    default:
      return null
  }
}
