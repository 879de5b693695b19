// `*.members` (and `im.*`), and `channels.online`, `groups.online`: who is in the room, and who of them is there.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { FILTER } from '../../limits.ts'
import { typeOf } from '../../names.ts'
import { known, knownNamed } from '../../rooms/access.ts'
import { memberDocument, membersOf } from '../../rooms/members.ts'
import { may } from '../../rooms/room-acts.ts'
import { sortOf } from '../../rooms/rooms-list.ts'
import { failure, type Route, route, unauthorized } from '../../route.ts'
import { PAGED, pagedAnswer, pageOf } from '../page.ts'
import { familyRoutes, pathsOf } from './family.ts'

const THERE = ['online', 'away', 'busy']
export const MEMBERS_ASKED = {
  ...PAGED,
  status: z.array(z.string().max(FILTER)).max(8).optional(),
  filter: z.string().max(FILTER).optional(),
} as const

export const members: Route[] = [
  ...familyRoutes({
    families: ['channels', 'groups'],
    verb: 'GET',
    name: 'members',
    input: z.looseObject(MEMBERS_ASKED),
    async run(call, input, { room }, family) {
      if (family === 'groups' && room.config.archived)
        return new MeteorError('error-room-archived', 'The private group is archived')
      if (room.config.broadcast && !may(call, 'view-broadcast-member-list', room)) return unauthorized
      const [key, direction] = sortOf(input.sort)
      const descending = key === 'username' && direction === -1
      const listed = await membersOf(call.gate, room, { status: input.status, filter: input.filter, descending })
      const page = pageOf(call.gate, input)
      return pagedAnswer('members', listed.map(memberDocument), page)
    },
  }),
  ...(['channels', 'groups'] as const).map(family =>
    route({
      verb: 'GET',
      paths: pathsOf(family, 'online'),
      input: z.looseObject({ query: z.string().max(1_024).optional(), _id: z.string().max(FILTER).optional() }),
      async run({ gate, caller }, input) {
        const wanted = wantedRoom(input)
        if (!wanted) return failure('Invalid query')
        const found =
          wanted._id === undefined
            ? await knownNamed(gate, caller, wanted.name as string)
            : await known(gate, caller, wanted._id)
        if (!found || typeOf(found.room) !== (family === 'channels' ? 'c' : 'p'))
          // Whether it is not there or not theirs, nobody learns.
          return new MeteorError('error-not-allowed', 'Not Allowed')
        const online = await membersOf(gate, found.room, { status: THERE })
        return { online: online.map(({ account: { id, username } }) => ({ _id: id, username })) }
      },
    }),
  ),
]

/** Of the database's query language that the real server takes here only what names a room. */
function wantedRoom(input: {
  query?: string | undefined
  _id?: string | undefined
}): { _id?: string; name?: string } | null {
  if (input._id !== undefined) return { _id: input._id }
  try {
    const { _id, name } = JSON.parse(input.query ?? '') as { _id?: unknown; name?: unknown }
    if (typeof _id === 'string') return { _id }
    return typeof name === 'string' ? { name } : null
  } catch {
    return null
  }
}
