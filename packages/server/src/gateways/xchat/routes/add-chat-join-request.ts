// POST /2/chat/invites/{token}/join_requests: ours. Whoever has the link asks to be let in, under their own signature. The
// group's members see it as an event of their log; the caller is no member by it and reads nothing (L1, L10).
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { actionSignatures, signaturesOf } from '../actions.ts'
import { about, resourceId } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { invitedBy, unknownInvite } from '../invites.ts'
import { INVITE_BYTES, JOIN_REST } from '../limits.ts'
import { conflict, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object } from '../schema.ts'

export const addChatJoinRequest = route({
  operation: 'addChatJoinRequest',
  method: 'POST',
  path: '/chat/invites/:token/join_requests',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({ action_signatures: actionSignatures }),
  answer: z.object({ data: z.object({ conversation_id: z.string(), pending: z.literal(true) }) }),
  status: 201,
  bodyLimit: INVITE_BYTES,
  async run(call, parts) {
    const token = call.param('token')
    const invited = await invitedBy(token, call.caller, parts)
    if (invited instanceof Refusal) return invited
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { room, key } = invited
    const { account, session } = call.caller
    const signatures = signaturesOf(sent.action_signatures)
    const command = { command: 'request-join', actor: account.id, key, signatures } as const
    const submit = () => parts.engine.submit({ room: room.id, session, bytes: call.bytes, command })
    // One after another: whoever is outside must not hold up those inside; and each once, so that nobody holds up the others
    // who are outside.
    const once = async () => parts.joins.run(room.id, submit, JOIN_REST)
    const done = (await parts.joins.run(`${room.id} ${account.id}`, once)) ?? ({ rejected: 'busy' } as const)
    const conversation_id = resourceId(room)
    if (!isRejection(done)) return { data: { conversation_id, pending: true } }
    // Without the state of a group that is not the caller's.
    if (done.rejected === 'room.unknown') return unknownInvite(token)
    if (done.rejected === 'conflict') return new Refusal(conflict('the group changes too often now: try again'))
    return new Refusal(problemOf(done, { ...about(parts, conversation_id, null), invite: token }))
  },
})
