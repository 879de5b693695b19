// GET /2/users/me: the caller.
import { z } from 'zod'
import { route } from '../route.ts'
import { userExpansions, userFields, userOf, userShape } from '../user.ts'

export const getUsersMe = route({
  operation: 'getUsersMe',
  method: 'GET',
  path: '/users/me',
  scopes: ['users.read', 'tweet.read'],
  query: z.object({ 'user.fields': userFields, expansions: userExpansions }),
  body: z.object({}),
  answer: z.object({ data: userShape }),
  run: async ({ caller }) => ({ data: userOf(caller.account) }),
})
