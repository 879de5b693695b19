// `sendMessage`: most refusals come as a message that only the sender sees, with an empty result (rocketchat.md 5.8);
// what the client must know of, or may try again, is an error.
import { z } from 'zod'
import { MeteorError, TOO_MANY, UNAVAILABLE } from '../errors.ts'
import { ephemeralMessage } from '../live/ephemeral.ts'
import { tellUser } from '../live/tell.ts'
import { KEPT, messageShape, type SentMessage, send } from '../messages/message.ts'
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

export const sendMessage = method({
  name: 'sendMessage',
  params: list(messageShape.refine(isMessage), z.unknown().optional()),
  async run(call, [message]) {
    const sent = await send(call, message)
    if (!(sent instanceof MeteorError) || TOLD.has(sent.error)) return sent
    const { parts } = call.gate
    tellUser(parts, call.caller.account.id, 'message', ephemeralMessage(parts, message.rid, sent.reason))
    return undefined
  },
})
