// GET /2/users/public_keys?ids=: the keys of up to 100 users at once; those without keys are named among the errors.
import type { UserId } from '@conclave/wire'
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { BATCH, PARAMETER } from '../limits.ts'
import type { Problem } from '../problem.ts'
import { notFound, problemShape } from '../problem.ts'
import { publicKeyFields, publicKeyOf, publicKeyShape, shownConfig } from '../public-key.ts'
import { route } from '../route.ts'
import { text } from '../schema.ts'

const ids = text(PARAMETER)
  .transform(value => [...new Set(value.split(','))])
  .refine(list => list.length <= BATCH, `must be at most ${BATCH} user ids`)
  .refine(list => list.every(isUserId), 'must be user ids: 1 to 19 digits each, with commas between')
  .transform(list => list as UserId[])

export const getUsersPublicKeys = route({
  operation: 'getUsersPublicKeys',
  method: 'GET',
  path: '/users/public_keys',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({ ids, 'public_key.fields': publicKeyFields }),
  body: z.object({}),
  answer: z.object({ data: z.array(publicKeyShape), errors: z.array(problemShape).optional() }),
  async run({ caller, query }, parts) {
    const data: z.infer<typeof publicKeyShape>[] = []
    const errors: Problem[] = []
    const fields = query['public_key.fields']
    for (const user of query.ids) {
      const keys = (await parts.identity.keys.load(user))?.keys ?? []
      if (keys.length === 0) errors.push(notFound('public_key', 'ids', user))
      const config = keys.length === 0 ? undefined : await shownConfig(user, caller, fields, parts)
      for (const key of keys) data.push({ user_id: user, ...publicKeyOf(key, fields, config) })
    }
    return errors.length === 0 ? { data } : { data, errors }
  },
})
