// DELETE /2/chat/conversations/{id}/join_requests: ours. An admin turns away who has asked. To let somebody in is POST
// …/members, as for anybody else.
import { z } from 'zod'
import { JOIN_REQUESTS } from '../../../limits.ts'
import { checkAdmin } from '../../../room/admins.ts'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { changeConversation, groupOf } from '../group.ts'
import { INVITE_BYTES } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { list, object, userId } from '../schema.ts'

export const rejectChatGroupJoinRequests = route({
  operation: 'rejectChatGroupJoinRequests',
  method: 'DELETE',
  path: '/chat/conversations/:id/join_requests',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({
    user_ids: list(userId, JOIN_REQUESTS).min(1, 'must not be empty'),
    action_signatures: actionSignatures,
  }),
  answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
  bodyLimit: INVITE_BYTES,
  async run(call, parts) {
    const { id } = call.caller.account
    const group = await groupOf(call, 'people ask to join', parts, room => checkAdmin(room, id))
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const signatures = signaturesOf(sent.action_signatures)
    const command = { command: 'reject-joins', actor: id, users: sent.user_ids, signatures } as const
    const done = await changeConversation(call, group, command, parts)
    if (done instanceof Refusal) return done
    return { data: { conversation_id: group.address.id, sequence_id: done.events[0]?.id ?? '' } }
  },
})
