// POST /2/chat/media/upload/{id}/finalize: every segment is there, and the file can be read. Again, it gives the same answer.
import { z } from 'zod'
import { isMediaRejection } from '../../../engine/media.ts'
import { SHORT_TEXT } from '../limits.ts'
import { conversationId, conversationNamed, mediaHashKey, refusalOf, sessionOf, uploadAt } from '../media.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { closed, messageId, text } from '../schema.ts'

const body = closed({
  conversation_id: conversationId,
  media_hash_key: mediaHashKey,
  num_parts: text(SHORT_TEXT)
    .regex(/^[0-9]{1,4}$/, 'must be a number in a string')
    .transform(Number),
  /** Of the message that the file goes with. The server does not need it: the key stands in the message's ciphertext. */
  message_id: messageId.optional(),
  ttl_msec: text(SHORT_TEXT)
    .regex(/^[1-9][0-9]{0,14}$/, 'must be a number of ms above 0, in a string')
    .transform(Number)
    .optional(),
})

export const chatMediaUploadFinalize = route({
  operation: 'chatMediaUploadFinalize',
  method: 'POST',
  path: '/chat/media/upload/:id/finalize',
  scopes: ['media.write'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ success: z.literal(true) }) }),
  async run(call, parts) {
    const session = sessionOf(call.param('id'))
    if (session instanceof Refusal) return session
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const room = await conversationNamed(sent.conversation_id, call.caller, parts)
    if (room instanceof Refusal) return room
    const name = { session, room: room.id, key: sent.media_hash_key }
    const medium = await parts.media.finish(call.caller.account, name, sent.num_parts, sent.ttl_msec ?? null)
    if (isMediaRejection(medium)) return refusalOf(medium, uploadAt(session), room, parts)
    return { data: { success: true } }
  },
})
