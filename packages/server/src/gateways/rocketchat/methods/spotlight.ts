// `spotlight`: [text, usernames that are shown already, { users, rooms }, rid].
import { z } from 'zod'
import { FILTER } from '../limits.ts'
import { method } from '../method.ts'
import { list, usernames } from '../params.ts'
import { spotlight as search } from '../rooms/spotlight.ts'

const flag = z.boolean().nullish()

export const spotlight = method({
  name: 'spotlight',
  params: list(
    z.string().max(FILTER),
    usernames.nullish(),
    z.looseObject({ users: flag, rooms: flag }).nullish(),
    z.unknown().optional(),
  ),
  run: (call, [text, known, types]) =>
    search(call, {
      text,
      known: known ?? [],
      users: types ? types.users === true : true,
      rooms: types ? types.rooms === true : true,
    }),
})
