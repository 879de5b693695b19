// POST /2/chat/conversations/{id}/messages/delete: messages go from everybody, with the files that are named, or from the
// caller alone (x-chat.md 3.11). Sent again with the same content, it is answered the same (L7).
import { z } from 'zod'
import { DELETED_MEDIA, DELETED_TOGETHER } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { actionSignatures, digestOf, signaturesOf } from '../actions.ts'
import { about, resourceId, roomOf } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { mediaHashKey } from '../media.ts'
import { invalidField, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { distinct, object, sequenceId } from '../schema.ts'

const body = object({
  sequence_ids: distinct(sequenceId, DELETED_TOGETHER).min(1, 'must not be empty'),
  delete_message_action: z.enum(['delete_for_all', 'delete_for_self'], 'must be delete_for_all or delete_for_self'),
  action_signatures: actionSignatures,
  media_hash_keys: distinct(mediaHashKey, DELETED_MEDIA).default([]),
})

export const deleteChatMessages = route({
  operation: 'deleteChatMessages',
  method: 'POST',
  path: '/chat/conversations/:id/messages/delete',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ deleted: z.literal(true) }) }),
  async run(call, parts) {
    const room = await roomOf(call.param('id'), call.caller, parts)
    if (room instanceof Refusal) return room
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const whom = sent.delete_message_action === 'delete_for_all' ? 'all' : 'self'
    const { sequence_ids: ids, media_hash_keys: keys, action_signatures } = sent
    if (whom === 'self' && keys.length > 0) {
      return new Refusal(invalidField('media_hash_keys', 'only go with delete_for_all'))
    }
    const { id } = call.caller.account
    const { reading, media, engine } = parts
    const [placed, files, stretches] = await Promise.all([
      reading.locate(room.id, ids, id),
      media.named(room.id, keys),
      reading.hiddenStretches(room.id, id),
    ])
    const signatures = signaturesOf(action_signatures)
    const digest = digestOf([whom, ids, keys, signatures.map(signature => signature.digest)])
    const command = {
      command: 'delete-signed',
      actor: id,
      whom,
      ids,
      placed,
      media: files,
      stretches,
      signatures,
      digest,
    } as const
    const done = await media.removing(files, beside =>
      engine.submit({ room: room.id, session: call.caller.session, bytes: call.bytes, command, beside }),
    )
    if (isRejection(done)) return new Refusal(problemOf(done, about(parts, resourceId(room), room)))
    return { data: { deleted: true } }
  },
})
