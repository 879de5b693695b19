// `sendMessage`: most refusals come as a message that only the sender sees, with an empty result (rocketchat.md 5.8);
// what the client must know of, or may try again, is an error.
import { z } from 'zod'
import { MESSAGE_ID } from '../../../limits.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Document } from '../encode.ts'
import { MeteorError, TOO_MANY, UNAVAILABLE } from '../errors.ts'
import { Encoded } from '../frames.ts'
import { ID_TEXT } from '../limits.ts'
import { ephemeralMessage } from '../live/ephemeral.ts'
import { tellUser } from '../live/tell.ts'
import { currentDocument } from '../messages/encode-message.ts'
import { KEPT, messageShape, type Sent, type SentMessage, sendEvent } from '../messages/message.ts'
import { messageText } from '../messages/message-text.ts'
import { hasQuotes } from '../messages/quotes.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'

const TOLD: ReadonlySet<string | number> = new Set(['error-not-allowed', 'error-room-closed', TOO_MANY, UNAVAILABLE])

/** Of a message as clients of any age know it. What they hold beside what is said (message.ts) is left out; a word that no
 * message has is a mistake. */
const FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(messageShape.shape),
  ...KEPT,
  ...['_updatedAt', 'channel', 'channels', 'drid', 'e2e', 'editedAt', 'editedBy', 'federation', 'file', 'files', 'md'],
  ...['mentions', 'otrAck', 'parsed', 'pinned', 'previewUrls', 'private', 'reactions', 'replies', 'role', 'roomId'],
  ...['sentByEmail', 'starred', 'status', 'tcount', 'temp', 'tlm', 'tmsg', 'translations', 'u', 'unread', 'urls'],
])

/** What may stand beside a ciphertext has rules of its own, with answers of its own (sealed.ts). */
function isMessage(message: SentMessage): boolean {
  return message.t === 'e2e' || Object.keys(message).every(key => FIELDS.has(key))
}

const params = list(messageShape.refine(isMessage), z.unknown().optional())
type Params = z.output<typeof params>

/** A text or a ciphertext with nothing beside: as `params` takes it, which makes nothing else of it. */
export function usualMessage(given: unknown): Params | undefined {
  if (!Array.isArray(given) || given.length !== 1) return undefined
  const [message] = given as [Readonly<Record<string, unknown>> | null]
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined
  for (const name in message) if (!fits(name, message[name])) return undefined
  return message.rid === undefined ? undefined : (given as unknown as Params)
}

function fits(name: string, value: unknown): boolean {
  switch (name) {
    case 'rid':
      return isText(value, ID_TEXT)
    case '_id':
      return isText(value, MESSAGE_ID)
    case 'msg':
      return typeof value === 'string'
    case 't':
      return value === 'e2e'
    default:
      return name === 'content' && isFlat(value)
  }
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value !== '' && value.length <= most
}

/** Texts alone, and nothing of EJSON's. */
function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  for (const name in value)
    if (name.startsWith('$') || typeof (value as Record<string, unknown>)[name] !== 'string') return false
  return true
}

/** No reply, and no link to a message: what they name may be what was said just before. */
function standsAlone(given: unknown): boolean {
  const message = usualMessage(given)?.[0]
  return message !== undefined && !message.msg?.includes('msg=')
}

export const sendMessage = method({
  name: 'sendMessage',
  params,
  usual: usualMessage,
  standsAlone,
  async run(call, [message]) {
    const sent = await sendEvent(call, message)
    const { parts } = call.gate
    if (!(sent instanceof MeteorError)) return shownToSender(parts, sent, call.caller.account)
    if (TOLD.has(sent.error)) return sent
    tellUser(parts, call.caller.account.id, 'message', ephemeralMessage(parts, message.rid, sent.reason))
    return undefined
  },
})

function shownToSender(parts: GatewayParts, { event, room }: Sent, sender: Account): Encoded | Promise<Document> {
  return event.done || hasQuotes(event)
    ? currentDocument(parts, event, room)
    : new Encoded(messageText(event, room, sender))
}
