// PUT /2/chat/conversations/{id}/invite: ours. An admin makes the link by which others may ask to be let in; one that the
// group had before leads nowhere from then on.
import { z } from 'zod'
import { checkAdmin } from '../../../room/admins.ts'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { changeConversation, groupOf } from '../group.ts'
import { inviteEnd, inviteUrl, keyOfUrl } from '../invites.ts'
import { INVITE_BYTES } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object } from '../schema.ts'

export const enableChatGroupInvite = route({
  operation: 'enableChatGroupInvite',
  method: 'PUT',
  path: '/chat/conversations/:id/invite',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({ invite_url: inviteUrl, expires_at_msec: inviteEnd, action_signatures: actionSignatures }),
  answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
  bodyLimit: INVITE_BYTES,
  async run(call, parts) {
    const { id } = call.caller.account
    const group = await groupOf(call, 'an invite leads to', parts, room => checkAdmin(room, id))
    if (group instanceof Refusal) return group
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { invite_url: url, expires_at_msec: expiresAt } = sent
    const key = keyOfUrl(url, parts)
    if (key instanceof Refusal) return key
    const signatures = signaturesOf(sent.action_signatures)
    const command = { command: 'enable-invite', actor: id, url, key, expiresAt, signatures } as const
    const done = await changeConversation(call, group, command, parts)
    if (done instanceof Refusal) return done
    return { data: { conversation_id: group.address.id, sequence_id: done.events[0]?.id ?? '' } }
  },
})
