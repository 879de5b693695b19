// `users.presence`: who is not offline; of some by `ids`.
import { z } from 'zod'
import { route } from '../route.ts'
import { presentUsers } from '../users/present.ts'

function idsOf(ids: string | readonly string[]): readonly string[] {
  return typeof ids === 'string' ? ids.split(',').slice(0, 1_000) : ids
}

export const usersPresence = route({
  verb: 'GET',
  paths: ['/v1/users.presence'],
  input: z.looseObject({
    ids: z.union([z.string().max(65_536), z.array(z.string().max(64)).max(1_000)]).optional(),
    from: z.iso.datetime({ offset: true }).optional(),
  }),
  run: async ({ gate }, { ids, from }) => presentUsers(gate, ids === undefined ? undefined : idsOf(ids), from),
})
