// POST /2/chat/conversations/{id}/read: moves the caller's cursor up to an event, never back (x-chat.md 3.12). Everything
// before it counts as read, also where another wire asks how far somebody has got.
import { z } from 'zod'
import { about, checkPresent, resourceId, roomOf } from '../conversation.ts'
import { hasForm } from '../encode.ts'
import { problemOf } from '../errors.ts'
import { notFound, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { object, sequenceId } from '../schema.ts'

export const markChatConversationRead = route({
  operation: 'markChatConversationRead',
  method: 'POST',
  path: '/chat/conversations/:id/read',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: object({ seen_until_sequence_id: sequenceId }),
  answer: z.object({ data: z.object({ success: z.literal(true) }) }),
  async run({ caller, param, body }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const sent = body()
    if (sent instanceof Refusal) return sent
    const barred = await checkPresent(room, caller, parts)
    if (barred) return new Refusal(problemOf(barred, about(parts, resourceId(room), room)))
    const id = sent.seen_until_sequence_id
    const event = await parts.reading.event(caller.account, room.id, id)
    // One that is deleted meanwhile was shown as well.
    if (!event || !hasForm(event.body)) return new Refusal(notFound('event', 'seen_until_sequence_id', id))
    const { sequence } = event
    const at = parts.clock.now()
    await parts.receipts.write({ put: 'cursor', room: room.id, user: caller.account.id, sequence, at })
    return { data: { success: true } }
  },
})
