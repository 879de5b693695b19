// DELETE /2/chat/conversations/{id}/members: ours, since X has no route for it. An admin takes members away and rotates
// the key for those who stay, in one signed, atomic step; the body and the answer are those of adding.
import { z } from 'zod'
import { checkAdmin } from '../../../room/admins.ts'
import { memberChange, memberChangeAnswer, memberChanged, rotationOf } from '../actions.ts'
import { changeConversation, checkNumber, groupOf } from '../group.ts'
import { ROTATION_BYTES } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'

export const removeChatGroupMembers = route({
  operation: 'removeChatGroupMembers',
  method: 'DELETE',
  path: '/chat/conversations/:id/members',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: memberChange,
  answer: memberChanged,
  bodyLimit: ROTATION_BYTES,
  async run(call, parts) {
    const { id } = call.caller.account
    const group = await groupOf(call, 'members can only be removed from', parts, room => checkAdmin(room, id))
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const many = checkNumber(sent.user_ids, group, parts)
    if (many) return many
    const command = {
      command: 'remove-members',
      actor: id,
      users: sent.user_ids,
      how: 'kicked',
      reason: '',
      keepOwner: false,
      signed: rotationOf(sent),
    } as const
    const done = await changeConversation(call, group, command, parts)
    return done instanceof Refusal ? done : memberChangeAnswer(group.address.id, done)
  },
})
