// GET /2/chat/conversations/{id}/join_requests: ours. Who waits to be let in, the first to ask first, for admins. There are
// never more than one page of them.
import { z } from 'zod'
import { checkAdmin } from '../../../room/admins.ts'
import { groupOf } from '../group.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'

const waiting = z.object({ user_id: z.string(), created_at: z.iso.datetime() })

export const getChatGroupJoinRequests = route({
  operation: 'getChatGroupJoinRequests',
  method: 'GET',
  path: '/chat/conversations/:id/join_requests',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.array(waiting), meta: z.object({ result_count: z.int() }) }),
  async run(call, parts) {
    const { id } = call.caller.account
    const group = await groupOf(call, 'people ask to join', parts, room => checkAdmin(room, id))
    if (group instanceof Refusal) return group
    const data = [...group.room.requests].map(([user_id, at]) => ({ user_id, created_at: new Date(at).toISOString() }))
    return { data, meta: { result_count: data.length } }
  },
})
