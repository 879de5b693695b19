// POST /2/chat/conversations/{id}/members: adds members and rotates the key for the new roster, in one signed, atomic
// step (the seed; x-chat.md 3.9, and section 6 for the order of checks). What is missing of the rotation is found by
// the room, after the users; what is malformed, here.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { actionSignatures, participantKeys, signaturesOf, wrapsOf } from '../actions.ts'
import { about, addressOf, find, roomAt } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { ROTATION_BYTES } from '../limits.ts'
import { invalidField, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { encryptedText, list, object, userId, version } from '../schema.ts'

const body = object({
  user_ids: list(userId).min(1, 'must not be empty'),
  conversation_key_version: version.optional(),
  conversation_participant_keys: participantKeys.optional(),
  action_signatures: actionSignatures.optional(),
  /** Title and avatar under the new key; absent, the old ones stay. */
  encrypted_title: encryptedText.optional(),
  encrypted_avatar_url: encryptedText.optional(),
})

const added = z.object({
  conversation_key_change_sequence_id: z.string(),
  current_member_ids: z.array(z.string()),
})

export const addChatGroupMembers = route({
  operation: 'addChatGroupMembers',
  method: 'POST',
  path: '/chat/conversations/:id/members',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  /** X's documents had the two members at the top, and later speak of `data`: both are served. */
  answer: added.extend({ data: added.extend({ conversation_id: z.string() }) }),
  bodyLimit: ROTATION_BYTES,
  async run(call, parts) {
    const address = addressOf(call.param('id'), call.caller)
    if (address instanceof Refusal) return address
    if (address.kind !== 'group') return new Refusal(invalidField('id', 'members can only be added to a group'))
    const room = await roomAt(address, call.caller, parts)
    if (room instanceof Refusal) return room
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const limit = parts.config.limits.groupSize
    // Before the engine, which looks every one of them up.
    if (new Set(sent.user_ids).size > limit) {
      return new Refusal(problemOf({ rejected: 'room.full', limit }, about(parts, address.id, room)))
    }
    const { conversation_participant_keys: keys, action_signatures: signatures } = sent
    const done = await parts.engine.submit({
      room: room.id,
      session: call.caller.session,
      bytes: call.bytes,
      command: {
        command: 'add-members',
        actor: call.caller.account.id,
        users: sent.user_ids,
        signed: {
          version: sent.conversation_key_version ?? null,
          wraps: keys ? wrapsOf(keys) : null,
          signatures: signatures ? signaturesOf(signatures) : null,
          title: sent.encrypted_title ?? null,
          avatar: sent.encrypted_avatar_url ?? null,
        },
      },
    })
    if (isRejection(done)) {
      const now = (await find(address, parts)) ?? null
      return new Refusal(problemOf(done, about(parts, address.id, now)))
    }
    const keyChange = done.events.find(event => event.body.type === 'epoch.opened')
    const answer = {
      conversation_key_change_sequence_id: keyChange?.id ?? '',
      current_member_ids: [...done.room.members.keys()],
    }
    return { data: { conversation_id: address.id, ...answer }, ...answer }
  },
})
