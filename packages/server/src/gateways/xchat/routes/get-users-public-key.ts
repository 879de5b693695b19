// GET /2/users/{id}/public_keys: every key that somebody ever registered, oldest first: old events stay verifiable (L9).
// The owner gets `juicebox_config` too: in each row, and before there is a first key beside the absent `data`, since
// X's clients take any row for a key, and need the config before they make one.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { invalidField, notFound, Refusal } from '../problem.ts'
import { publicKeyFields, publicKeyOf, publicKeyShape, shownConfig } from '../public-key.ts'
import { juiceboxConfig } from '../realm/config.ts'
import { route } from '../route.ts'

export const getUsersPublicKey = route({
  operation: 'getUsersPublicKey',
  method: 'GET',
  path: '/users/:id/public_keys',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({ 'public_key.fields': publicKeyFields }),
  body: z.object({}),
  /** Nothing at all for another user without keys. */
  answer: z.object({ data: z.array(publicKeyShape).optional(), juicebox_config: juiceboxConfig.optional() }),
  async run({ caller, param, query }, parts) {
    const id = param('id')
    if (!isUserId(id)) return new Refusal(invalidField('id', 'must be a user id: 1 to 19 digits'))
    const { identity } = parts
    const fields = query['public_key.fields']
    const config = await shownConfig(id, caller, fields, parts)
    const set = await identity.keys.load(id)
    if (set && set.keys.length > 0) return { data: set.keys.map(key => publicKeyOf(key, fields, config)) }
    if (config) return { juicebox_config: config }
    return (await identity.accounts.load(id)) ? {} : new Refusal(notFound('user', 'id', id))
  },
})
