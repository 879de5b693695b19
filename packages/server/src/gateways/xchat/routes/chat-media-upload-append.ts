// POST /2/chat/media/upload/{id}/append: one segment of an upload, as base64 in JSON or as a file of a form.
import { decodeBase64 } from '@conclave/wire'
import { z } from 'zod'
import { isMediaRejection } from '../../../engine/media.ts'
import { MEDIA_SEGMENT, MEDIA_SEGMENTS } from '../../../limits.ts'
import { SEGMENT_BODY } from '../limits.ts'
import { conversationId, conversationNamed, mediaHashKey, refusalOf, sessionOf, uploadAt } from '../media.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { closed } from '../schema.ts'

const INDEX = `must be a number from 0 to ${MEDIA_SEGMENTS - 1}`

const body = closed({
  conversation_id: conversationId,
  media_hash_key: mediaHashKey,
  // X's own samples send it as a text.
  segment_index: z
    .union([z.number(), z.string().regex(/^[0-9]{1,4}$/)], INDEX)
    .transform(Number)
    .pipe(
      z
        .int(INDEX)
        .min(0, INDEX)
        .max(MEDIA_SEGMENTS - 1, INDEX),
    ),
  media: z.union([z.string(), z.instanceof(Uint8Array)], 'must be base64, or a file of a form').transform(bytesOf),
})

export const chatMediaUploadAppend = route({
  operation: 'chatMediaUploadAppend',
  method: 'POST',
  path: '/chat/media/upload/:id/append',
  scopes: ['media.write'],
  query: z.object({}),
  body,
  form: true,
  bodyLimit: SEGMENT_BODY,
  answer: z.object({ data: z.object({ expires_at: z.int() }) }),
  async run(call, parts) {
    const session = sessionOf(call.param('id'))
    if (session instanceof Refusal) return session
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const room = await conversationNamed(sent.conversation_id, call.caller, parts)
    if (room instanceof Refusal) return room
    const name = { session, room: room.id, key: sent.media_hash_key }
    const upload = await parts.media.append(call.caller.account, name, sent.segment_index, sent.media)
    if (isMediaRejection(upload)) return refusalOf(upload, uploadAt(session), room, parts)
    return { data: { expires_at: Math.floor(upload.expiresAt / 1000) } }
  },
})

function bytesOf(sent: string | Uint8Array, context: z.RefinementCtx): Uint8Array {
  const bytes = typeof sent === 'string' ? decodeBase64(sent, SEGMENT_BODY) : sent
  if (bytes && bytes.length <= MEDIA_SEGMENT) return bytes
  context.addIssue(bytes ? `must have 1 to ${MEDIA_SEGMENT} bytes` : 'must be base64')
  return z.NEVER
}
