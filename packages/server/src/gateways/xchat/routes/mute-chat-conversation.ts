// PUT /2/chat/conversations/{id}/mute: ours. The caller's own switch for notifications, under their signature: what else is
// sent to them goes on as before, and nobody else learns of it.
import { z } from 'zod'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { resourceId } from '../conversation.ts'
import { changeConversation, conversationAt } from '../group.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object } from '../schema.ts'

const body = object({ muted: z.boolean('must be true or false'), action_signatures: actionSignatures })

export const muteChatConversation = route({
  operation: 'muteChatConversation',
  method: 'PUT',
  path: '/chat/conversations/:id/mute',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ conversation_id: z.string(), is_muted: z.boolean() }) }),
  async run(call, parts) {
    const { id } = call.caller.account
    const conversation = await conversationAt(call, parts)
    if (conversation instanceof Refusal) return conversation
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { muted } = sent
    const command = {
      command: 'switch-notifications',
      actor: id,
      muted,
      signatures: signaturesOf(sent.action_signatures),
    } as const
    const done = await changeConversation(call, conversation, command, parts)
    if (done instanceof Refusal) return done
    return { data: { conversation_id: resourceId(conversation.room), is_muted: muted } }
  },
})
