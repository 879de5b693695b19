// POST /2/chat/conversations/{id}/members: adds members and rotates the key for the new roster, in one signed, atomic
// step (the seed; x-chat.md 3.9, and section 6 for the order of checks).
import { z } from 'zod'
import { memberChange, memberChangeAnswer, memberChanged, rotationOf } from '../actions.ts'
import { changeConversation, checkNumber, groupOf } from '../group.ts'
import { ROTATION_BYTES } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'

export const addChatGroupMembers = route({
  operation: 'addChatGroupMembers',
  method: 'POST',
  path: '/chat/conversations/:id/members',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: memberChange,
  answer: memberChanged,
  bodyLimit: ROTATION_BYTES,
  async run(call, parts) {
    const group = await groupOf(call, 'members can only be added to', parts)
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const many = checkNumber(sent.user_ids, group, parts)
    if (many) return many
    const command = {
      command: 'add-members',
      actor: call.caller.account.id,
      users: sent.user_ids,
      signed: rotationOf(sent),
    } as const
    const done = await changeConversation(call, group, command, parts)
    return done instanceof Refusal ? done : memberChangeAnswer(group.address.id, done)
  },
})
