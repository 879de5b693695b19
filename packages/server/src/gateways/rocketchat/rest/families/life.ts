// `*.archive`, `*.unarchive`, `*.delete`: a room's rest, its return and its end.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { fullNameOf, slugOf } from '../../names.ts'
import { archive, erase } from '../../rooms/room-acts.ts'
import { failure, type Route } from '../../route.ts'
import { familyRoutes } from './family.ts'

const families = ['channels', 'groups'] as const
const input = z.looseObject({})

export const life: Route[] = [
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'archive',
    input,
    active: true,
    office: true,
    run: async (call, _, found) => done(await archive(call, found, true, 'archiveRoom')),
  }),
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'unarchive',
    input,
    office: true,
    async run(call, _, found, family) {
      if (family === 'channels' && !found.room.config.archived)
        return failure(`The channel, ${slugOf(fullNameOf(found.room))}, is not archived`)
      return done(await archive(call, found, false, 'unarchiveRoom'))
    },
  }),
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'delete',
    input,
    office: true,
    run: async (call, _, found) => done(await erase(call, found, 'eraseRoom')),
  }),
]

function done(acted: object): object {
  return acted instanceof MeteorError ? acted : {}
}
