// POST /2/chat/conversations/{id}/typing: the caller is writing, as whoever may send here (x-chat.md 3.12). Those hear it whose
// wire shows it, and nothing is kept; a closed conversation shows it too, since what is written then is sent after a rotation.
import { z } from 'zod'
import { about, checkPresent, resourceId, roomOf } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'

export const sendChatTypingIndicator = route({
  operation: 'sendChatTypingIndicator',
  method: 'POST',
  path: '/chat/conversations/:id/typing',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.object({ success: z.literal(true) }) }),
  async run({ caller, param }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const barred = await checkPresent(room, caller, parts, 'to speak')
    if (barred) return new Refusal(problemOf(barred, about(parts, resourceId(room), room)))
    parts.bus.publish(`room:${room.id}`, { kind: 'typing', room: room.id, account: caller.account })
    return { data: { success: true } }
  },
})
