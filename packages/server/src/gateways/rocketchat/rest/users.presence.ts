// `users.presence`: who is not offline; of some by `ids`.
import { z } from 'zod'
import { listed } from '../query.ts'
import { route } from '../route.ts'
import { presentUsers } from '../users/present.ts'

/** Also one text with commas between them. */
function idsIn(given: unknown): unknown {
  return typeof given === 'string' && !given.startsWith('[') ? given.split(',') : listed(given)
}

export const usersPresence = route({
  verb: 'GET',
  paths: ['/v1/users.presence'],
  input: z.looseObject({
    ids: z.preprocess(idsIn, z.array(z.string().max(64)).max(1_000).optional()),
    from: z.iso.datetime({ offset: true }).optional(),
  }),
  run: async ({ gate }, { ids, from }) => presentUsers(gate, ids, from),
})
