// GET /2/users/{id}: who somebody is.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { invalidField, notFound, Refusal } from '../problem.ts'
import { sharedRoute } from '../route.ts'
import { userExpansions, userFields, userOf, userShape } from '../user.ts'

export const getUsersById = sharedRoute({
  operation: 'getUsersById',
  method: 'GET',
  path: '/users/:id',
  scopes: ['users.read', 'tweet.read'],
  query: z.object({ 'user.fields': userFields, expansions: userExpansions }),
  body: z.object({}),
  answer: z.object({ data: userShape }),
  async run({ param }, { identity }) {
    const id = param('id')
    if (!isUserId(id)) return new Refusal(invalidField('id', 'must be a user id: 1 to 19 digits'))
    const account = await identity.accounts.load(id)
    return account ? { data: userOf(account) } : new Refusal(notFound('user', 'id', id))
  },
})
