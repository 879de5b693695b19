// POST /2/chat/conversations/{id}/leave: ours. A member of a group goes, by their own signature; the group is closed for
// the others until one of them rotates the key (L4).
import { z } from 'zod'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { changeConversation, groupOf } from '../group.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object } from '../schema.ts'

export const leaveChatConversation = route({
  operation: 'leaveChatConversation',
  method: 'POST',
  path: '/chat/conversations/:id/leave',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({ action_signatures: actionSignatures }),
  answer: z.object({ data: z.object({ conversation_id: z.string(), left: z.literal(true) }) }),
  async run(call, parts) {
    const group = await groupOf(call, 'members can only leave', parts)
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { id } = call.caller.account
    const command = {
      command: 'remove-members',
      actor: id,
      users: [id],
      how: 'left',
      reason: '',
      // Nobody is held: without an admin any member may make the next.
      keepOwner: false,
      signed: { leave: signaturesOf(sent.action_signatures) },
    } as const
    const done = await changeConversation(call, group, command, parts)
    return done instanceof Refusal ? done : { data: { conversation_id: group.address.id, left: true } }
  },
})
