// POST /2/chat/conversations/group: a group with its members, its first key and what its creator signed of both.

import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import { NAME } from '../../../limits.ts'
import { blankRoom } from '../../../room/commands/create-room.ts'
import { isRejection } from '../../../room/rejection.ts'
import { actionSignatures, participantKeys, signaturesOf, wrapsOf } from '../actions.ts'
import { about, groupRoom } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { initializedBy } from '../initialized.ts'
import { ROTATION_BYTES, SHORT_TEXT } from '../limits.ts'
import { invalidField, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { list, object, text, ttlMsec, userId, version } from '../schema.ts'

const body = object({
  conversation_id: text(SHORT_TEXT),
  conversation_key_version: version,
  conversation_participant_keys: participantKeys,
  group_members: list(userId).min(1, 'must not be empty'),
  group_admins: list(userId).min(1, 'must not be empty').optional(),
  group_name: text(NAME).optional(),
  group_avatar_url: text(NAME).optional(),
  group_description: text(NAME).optional(),
  ttl_msec: ttlMsec.optional(),
  action_signatures: actionSignatures,
  /** A ratchet tree that no client of X's sends. Not read. */
  base64_encoded_key_rotation: z.string('must be a string').optional(),
})

export const createChatConversation = route({
  operation: 'createChatConversation',
  method: 'POST',
  path: '/chat/conversations/group',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({
    data: z.object({ conversation_id: z.string(), conversation_key_change_sequence_id: z.string() }),
  }),
  status: 201,
  bodyLimit: ROTATION_BYTES,
  async run(call, parts) {
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const me = call.caller.account.id
    const room = groupRoom(sent.conversation_id)
    if (!room || (await initializedBy(room, parts)) !== me) {
      return new Refusal(invalidField('conversation_id', 'was not initialized by the caller'))
    }
    const members = sent.group_members
    const admins = sent.group_admins ?? [me]
    const told = about(parts, sent.conversation_id, null, 'group_members')
    const limit = parts.config.limits.groupSize
    // Before anything that looks at every one of them.
    if (members.length > limit) return new Refusal(problemOf({ rejected: 'room.full', limit }, told))
    if (!members.includes(me)) return new Refusal(invalidField('group_members', 'the creator is missing'))
    const unfit = checkAdmins(admins, new Set(members))
    if (unfit) return unfit
    const done = await parts.engine.submit({
      room,
      channel: parts.roomsChannel,
      session: call.caller.session,
      bytes: call.bytes,
      command: {
        command: 'create-room',
        actor: me,
        claimName: false,
        slot: null,
        room: blankRoom({
          suite: 'xchat',
          kind: 'private',
          title: sent.group_name ?? null,
          avatar: sent.group_avatar_url ?? null,
          ttlMs: sent.ttl_msec ?? null,
          topic: sent.group_description ?? '',
          members,
          owners: admins,
        }),
        epoch: {
          version: sent.conversation_key_version,
          wraps: wrapsOf(sent.conversation_participant_keys),
          signatures: signaturesOf(sent.action_signatures),
        },
      },
    })
    if (isRejection(done)) return new Refusal(problemOf(done, told))
    const keyChange = done.events.find(event => event.body.type === 'epoch.opened')
    const sequence = keyChange?.id ?? ''
    return { data: { conversation_id: sent.conversation_id, conversation_key_change_sequence_id: sequence } }
  },
})

function checkAdmins(admins: readonly UserId[], members: ReadonlySet<UserId>): Refusal | null {
  const seen = new Set<UserId>()
  for (const admin of admins) {
    if (!members.has(admin)) return new Refusal(invalidField('group_admins', `${admin} is not in group_members`))
    if (seen.has(admin)) return new Refusal(invalidField('group_admins', `duplicate user ${admin}`))
    seen.add(admin)
  }
  return null
}
