// GET /2/chat/conversations: the caller's conversations, the one with the newest event first.
import { compareIds } from '@conclave/wire'
import { z } from 'zod'
import {
  conversationExpansions,
  conversationFields,
  conversationOf,
  conversationShape,
  expandedUsers,
} from '../conversation.ts'
import { pageToken } from '../paging.ts'
import { route } from '../route.ts'
import { maxResults, paginationToken } from '../schema.ts'
import { includesShape, userFields, usersOf } from '../user.ts'

export const getChatConversations = route({
  operation: 'getChatConversations',
  method: 'GET',
  path: '/chat/conversations',
  scopes: ['dm.read', 'users.read'],
  query: z.object({
    max_results: maxResults,
    pagination_token: paginationToken('conversations'),
    'chat_conversation.fields': conversationFields,
    expansions: conversationExpansions,
    'user.fields': userFields,
  }),
  body: z.object({}),
  answer: z.object({
    data: z.array(conversationShape),
    includes: includesShape.optional(),
    meta: z.object({
      result_count: z.int(),
      has_more: z.boolean(),
      has_message_requests: z.boolean(),
      next_token: z.string().optional(),
    }),
  }),
  async run({ caller, query }, parts) {
    const { pagination_token: after, max_results: limit } = query
    // By the id of the newest event: what moves up while somebody pages is on a page that they have seen or see anew.
    const heads = (await parts.reading.headsOf(caller.account.id))
      .filter(head => head.suite === 'xchat' && !head.removed)
      .filter(head => after === undefined || compareIds(head.lastId, after) < 0)
      .sort((a, b) => compareIds(b.lastId, a.lastId))
    const page = heads.slice(0, limit)
    const last = page.at(-1)
    const more = heads.length > page.length && last !== undefined
    // Whoever is put out meanwhile learns nothing of the room any more, its people included.
    const states = await parts.reading.states(page.map(head => head.room))
    const rooms = states.filter(room => room.members.has(caller.account.id))
    const fields = query['chat_conversation.fields']
    const data = await Promise.all(rooms.map(room => conversationOf(room, caller.account.id, fields, parts)))
    const users = expandedUsers(rooms, query.expansions)
    return {
      data,
      ...(users.size === 0 ? {} : { includes: { users: await usersOf(users, parts) } }),
      meta: {
        result_count: data.length,
        has_more: more,
        has_message_requests: false,
        ...(more ? { next_token: pageToken('conversations', last.lastId) } : {}),
      },
    }
  },
})
