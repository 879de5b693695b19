// Both changes of a group's admins: the same body, the same answer.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Rejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import { usersWith } from '../../room/state.ts'
import { actionSignatures, signaturesOf } from './actions.ts'
import { changeConversation, checkNumber, groupOf } from './group.ts'
import { Refusal } from './problem.ts'
import type { Operation, Route } from './route.ts'
import { route } from './route.ts'
import { list, object, userId } from './schema.ts'

/** `may`: why the caller may not, if so. */
export function adminsRoute(
  operation: Operation,
  method: 'POST' | 'DELETE',
  granted: boolean,
  may: (room: RoomState, user: UserId) => Rejection | null,
): Route {
  return route({
    operation,
    method,
    path: '/chat/conversations/:id/admins',
    scopes: ['dm.write', 'users.read', 'tweet.read'],
    query: z.object({}),
    body: object({ user_ids: list(userId).min(1, 'must not be empty'), action_signatures: actionSignatures }),
    answer: z.object({ data: z.object({ conversation_id: z.string(), current_admin_ids: z.array(z.string()) }) }),
    async run(call, parts) {
      const { id } = call.caller.account
      const group = await groupOf(call, 'there are admins only of', parts, room => may(room, id))
      if (group instanceof Refusal) return group
      const sent = call.body()
      if (sent instanceof Refusal) return sent
      const many = checkNumber(sent.user_ids, group, parts)
      if (many) return many
      const signatures = signaturesOf(sent.action_signatures)
      const command = { command: 'change-admins', actor: id, users: sent.user_ids, granted, signatures } as const
      const done = await changeConversation(call, group, command, parts)
      if (done instanceof Refusal) return done
      return { data: { conversation_id: group.address.id, current_admin_ids: usersWith(done.room, 'owner') } }
    },
  })
}
