// GET /2/users/{id}/key_log: ours. Every change of somebody's keys, oldest first, each chained to the one before, so that
// a client can notice a key that was swapped or kept from it (L9, protocol/transparency.md).
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { chainPage, chainShape } from '../chain.ts'
import { invalidField, notFound, Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { maxResults, paginationToken } from '../schema.ts'

const entry = z.object({
  number: z.int(),
  /** ms since 1970. */
  at: z.int(),
  kind: z.enum(['xchat.registered', 'rocketchat.set', 'rocketchat.reset']),
  fingerprint: z.string(),
  key: z
    .object({
      version: z.string(),
      identityKey: z.string(),
      signingKey: z.string(),
      identityKeySignature: z.string(),
      signingKeySignature: z.string(),
    })
    .optional(),
})

export const getUsersKeyLog = route({
  operation: 'getUsersKeyLog',
  method: 'GET',
  path: '/users/:id/key_log',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({ max_results: maxResults, pagination_token: paginationToken('key_log') }),
  body: z.object({}),
  answer: chainShape(entry),
  async run({ param, query }, { identity }) {
    const id = param('id')
    if (!isUserId(id)) return new Refusal(invalidField('id', 'must be a user id: 1 to 19 digits'))
    const after = Number(query.pagination_token ?? 0)
    const { head, links } = await identity.publicKeys.log(id, after, query.max_results)
    if (head.number === 0 && !(await identity.accounts.load(id))) return new Refusal(notFound('user', 'id', id))
    return chainPage('key_log', id, head, links, after)
  },
})
