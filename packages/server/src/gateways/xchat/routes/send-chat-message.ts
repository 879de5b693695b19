// POST /2/chat/conversations/{id}/messages: one encrypted, signed message. The answer is its envelope as everybody
// reads it; sent again with the same content, it is the same one (L7).
import { decodeEventSignature } from '@conclave/wire/xchat/events'
import { SIGNATURE_VERSION } from '@conclave/wire/xchat/payloads'
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { conversationIdOf } from '../../../room/signatures.ts'
import { digestOf } from '../actions.ts'
import { about, resourceId, roomOf } from '../conversation.ts'
import { encodeEvent } from '../encode.ts'
import { problemOf } from '../errors.ts'
import { CONVERSATION_TOKEN } from '../limits.ts'
import { invalidField, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { base64, messageId, object, text } from '../schema.ts'

const body = object({
  message_id: messageId,
  encoded_message_create_event: base64().min(1, 'must not be empty'),
  encoded_message_event_signature: base64().min(1, 'must not be empty'),
  conversation_token: text(CONVERSATION_TOKEN).optional(),
})

export const sendChatMessage = route({
  operation: 'sendChatMessage',
  method: 'POST',
  path: '/chat/conversations/:id/messages',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ encoded_message_event: z.string() }) }),
  status: 201,
  async run(call, parts) {
    const room = await roomOf(call.param('id'), call.caller, parts)
    if (room instanceof Refusal) return room
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { message_id, encoded_message_create_event, encoded_message_event_signature, conversation_token } = sent
    const signature = decodeEventSignature(encoded_message_event_signature)
    if (!signature.ok) {
      return new Refusal(invalidField('encoded_message_event_signature', `cannot be read: ${signature.error}`))
    }
    const done = await parts.engine.submit({
      room: room.id,
      session: call.caller.session,
      bytes: call.bytes,
      unordered: true,
      command: {
        command: 'send-message',
        actor: call.caller.account.id,
        messageId: message_id,
        digest: digestOf([encoded_message_create_event, encoded_message_event_signature, conversation_token ?? null]),
        content: {
          suite: 'xchat',
          createEvent: encoded_message_create_event,
          signature: signature.value.signature,
          publicKeyVersion: signature.value.publicKeyVersion,
          signatureVersion: signature.value.signatureVersion ?? SIGNATURE_VERSION,
          ...(conversation_token === undefined ? {} : { conversationToken: conversation_token }),
        },
        inside: false,
        attributes: null,
        origin: null,
      },
    })
    if (isRejection(done)) return new Refusal(problemOf(done, about(parts, resourceId(room), room)))
    const event = done.events[0]
    const encoded = event && encodeEvent(event, conversationIdOf(room), await parts.previous.of(event))
    // Sent again after it was deleted: there is nothing of it left to show.
    if (!encoded)
      return new Refusal(
        problemOf({ rejected: 'message.taken', key: message_id }, about(parts, resourceId(room), room)),
      )
    return { data: { encoded_message_event: encoded.envelope } }
  },
})
