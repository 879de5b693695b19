// GET /2/users/{id}/public_keys: every key that somebody ever registered, oldest first: old events stay verifiable (L9).
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { invalidField, notFound, Refusal } from '../problem.ts'
import { publicKeyFields, publicKeyOf, publicKeyShape } from '../public-key.ts'
import { route } from '../route.ts'

export const getUsersPublicKey = route({
  operation: 'getUsersPublicKey',
  method: 'GET',
  path: '/users/:id/public_keys',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({ 'public_key.fields': publicKeyFields }),
  body: z.object({}),
  /** Nothing at all for a user without keys. */
  answer: z.object({ data: z.array(publicKeyShape).optional() }),
  async run({ param, query }, { identity }) {
    const id = param('id')
    if (!isUserId(id)) return new Refusal(invalidField('id', 'must be a user id: 1 to 19 digits'))
    const set = await identity.keys.load(id)
    if (set && set.keys.length > 0) return { data: set.keys.map(key => publicKeyOf(key, query['public_key.fields'])) }
    return (await identity.accounts.load(id)) ? {} : new Refusal(notFound('user', 'id', id))
  },
})
