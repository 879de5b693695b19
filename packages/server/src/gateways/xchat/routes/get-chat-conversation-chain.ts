// GET /2/chat/conversations/{id}/chain: ours. The events that decided who may do what, oldest first, each chained to the
// one before, so that members who compare the newest hash know that they see the same (protocol/transparency.md). All of
// the links; the events themselves where the caller may see them (L10).
import type { Link } from '@conclave/wire/transparency/chain'
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { chainPage, chainShape } from '../chain.ts'
import { about, resourceId, roomOf } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { PAGE_CHARACTERS, READ_AHEAD } from '../limits.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { maxResults, paginationToken } from '../schema.ts'

const entry = z.object({
  number: z.int(),
  sequence: z.int(),
  /** The sequence id, as in the event's envelope. */
  id: z.string(),
  /** ms since 1970. */
  at: z.int(),
  actor: z.string().nullable(),
  salt: z.string(),
  body: z.looseObject({ type: z.string() }),
})

export const getChatConversationChain = route({
  operation: 'getChatConversationChain',
  method: 'GET',
  path: '/chat/conversations/:id/chain',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({ max_results: maxResults, pagination_token: paginationToken('chain') }),
  body: z.object({}),
  answer: chainShape(entry),
  async run({ caller, param, query }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const start = Number(query.pagination_token ?? 0)
    const shown: Link[] = []
    let characters = 0
    for (;;) {
      const after = shown.at(-1)?.number ?? start
      const limit = Math.min(query.max_results - shown.length, READ_AHEAD)
      const page = await parts.reading.chain(caller.account, room.id, after, limit)
      if (isRejection(page)) return new Refusal(problemOf(page, about(parts, resourceId(room), room)))
      for (const link of page.links) {
        characters += charactersOf(link)
        if (characters > PAGE_CHARACTERS && shown.length > 0) break
        shown.push(link)
      }
      const full = shown.length >= query.max_results || characters > PAGE_CHARACTERS
      if (full || page.links.length < limit) return chainPage('chain', room.id, page.head, shown, start)
    }
  },
})

/** Of what can be large: the wraps and the signed detail. */
function charactersOf({ entry }: Link): number {
  return entry === undefined ? 0 : JSON.stringify(entry).length
}
