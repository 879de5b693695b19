// GET /2/chat/conversations/{id}: one conversation of the caller.
import { z } from 'zod'
import {
  conversationExpansions,
  conversationFields,
  conversationOf,
  conversationShape,
  expandedUsers,
  roomOf,
} from '../conversation.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { includesShape, userFields, usersOf } from '../user.ts'

export const getChatConversation = route({
  operation: 'getChatConversation',
  method: 'GET',
  path: '/chat/conversations/:id',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({
    'chat_conversation.fields': conversationFields,
    expansions: conversationExpansions,
    'user.fields': userFields,
  }),
  body: z.object({}),
  answer: z.object({ data: conversationShape, includes: includesShape.optional() }),
  async run({ caller, param, query }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const users = expandedUsers([room], query.expansions)
    return {
      data: await conversationOf(room, caller.account.id, query['chat_conversation.fields'], parts),
      ...(users.size === 0 ? {} : { includes: { users: await usersOf(users, parts) } }),
    }
  },
})
