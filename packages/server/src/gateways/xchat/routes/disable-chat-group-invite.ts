// DELETE /2/chat/conversations/{id}/invite: ours. An admin ends the link; who has asked by it still waits.
import { z } from 'zod'
import { checkAdmin } from '../../../room/admins.ts'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { changeConversation, groupOf } from '../group.ts'
import { INVITE_BYTES } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object } from '../schema.ts'

export const disableChatGroupInvite = route({
  operation: 'disableChatGroupInvite',
  method: 'DELETE',
  path: '/chat/conversations/:id/invite',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({ action_signatures: actionSignatures }),
  answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
  bodyLimit: INVITE_BYTES,
  async run(call, parts) {
    const { id } = call.caller.account
    const group = await groupOf(call, 'an invite leads to', parts, room => checkAdmin(room, id))
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const signatures = signaturesOf(sent.action_signatures)
    const command = { command: 'disable-invite', actor: id, signatures } as const
    const done = await changeConversation(call, group, command, parts)
    if (done instanceof Refusal) return done
    return { data: { conversation_id: group.address.id, sequence_id: done.events[0]?.id ?? '' } }
  },
})
