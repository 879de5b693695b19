// PUT /2/chat/conversations/{id}/ttl: ours. How long messages last that are sent from now on; `null`: they stay. Signed by
// an admin of a group, by either of a one-to-one.
import { z } from 'zod'
import { checkTtlChanger } from '../../../room/commands/change-ttl.ts'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { resourceId } from '../conversation.ts'
import { changeConversation, conversationAt } from '../group.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object, ttlMsec } from '../schema.ts'

const body = object({ ttl_msec: ttlMsec.nullable(), action_signatures: actionSignatures })

export const updateChatConversationTtl = route({
  operation: 'updateChatConversationTtl',
  method: 'PUT',
  path: '/chat/conversations/:id/ttl',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
  async run(call, parts) {
    const { id } = call.caller.account
    const conversation = await conversationAt(call, parts, room => checkTtlChanger(room, id))
    if (conversation instanceof Refusal) return conversation
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const signatures = signaturesOf(sent.action_signatures)
    const command = { command: 'change-ttl', actor: id, ttlMs: sent.ttl_msec, signatures } as const
    const done = await changeConversation(call, conversation, command, parts)
    if (done instanceof Refusal) return done
    return { data: { conversation_id: resourceId(conversation.room), sequence_id: done.events[0]?.id ?? '' } }
  },
})
