// GET /2/users/by/username/{username}: how a command line finds the id of an @name.
import { z } from 'zod'
import { notFound, Refusal } from '../problem.ts'
import { sharedRoute } from '../route.ts'
import { userExpansions, userFields, userOf, userShape } from '../user.ts'

export const getUsersByUsername = sharedRoute({
  operation: 'getUsersByUsername',
  method: 'GET',
  path: '/users/by/username/:username',
  scopes: ['users.read', 'tweet.read'],
  query: z.object({ 'user.fields': userFields, expansions: userExpansions }),
  body: z.object({}),
  answer: z.object({ data: userShape }),
  async run({ param }, { identity }) {
    const username = param('username')
    const account = await identity.users.find({ username })
    return account ? { data: userOf(account) } : new Refusal(notFound('user', 'username', username))
  },
})
