// POST /2/chat/media/upload/initialize: announces a file for a conversation. The session is the upload's address, the key
// that of the file once it is finished.

import { z } from 'zod'
import { isMediaRejection } from '../../../engine/media.ts'
import { conversationIdOf } from '../../../room/signatures.ts'
import { conversationId, conversationNamed, refusalOf, uploadAt } from '../media.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { closed } from '../schema.ts'

export const chatMediaUploadInitialize = route({
  operation: 'chatMediaUploadInitialize',
  method: 'POST',
  path: '/chat/media/upload/initialize',
  scopes: ['media.write'],
  query: z.object({}),
  body: closed({
    conversation_id: conversationId,
    total_bytes: z.int('must be an integer').min(0, 'must be at least 0'),
  }),
  answer: z.object({
    data: z.object({ session_id: z.string(), media_hash_key: z.string(), conversation_id: z.string() }),
  }),
  async run(call, parts) {
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const room = await conversationNamed(sent.conversation_id, call.caller, parts)
    if (room instanceof Refusal) return room
    const begun = await parts.media.begin(call.caller.account, room.id, sent.total_bytes)
    if (isMediaRejection(begun)) return refusalOf(begun, uploadAt(''), room, parts)
    return { data: { session_id: begun.session, media_hash_key: begun.key, conversation_id: conversationIdOf(room) } }
  },
})
