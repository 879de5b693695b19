// `rooms.membersOrderedByRole`, `rooms.roles` and `rooms.isMember`: who is in a room, owners first.
import { z } from 'zod'
import { invalidRoom, MeteorError } from '../errors.ts'
import { typeOf } from '../names.ts'
import { id } from '../params.ts'
import { known } from '../rooms/access.ts'
import { membersOf, memberWithRoles } from '../rooms/members.ts'
import { may } from '../rooms/room-acts.ts'
import { sortOf } from '../rooms/rooms-list.ts'
import { roleDocuments, rolesIn } from '../rooms/subscription-document.ts'
import { Envelope, failure, type Route, route, unauthorized } from '../route.ts'
import { USER_NAMED, userNamed } from '../users/named-user.ts'
import { MEMBERS_ASKED } from './families/members.ts'
import { roomNamed } from './named-room.ts'
import { pagedAnswer, pageOf } from './page.ts'

/** The bearers of each come before those of the next; members without any come last. */
const RANKS = ['owner', 'leader', 'moderator'] as const
const missing = new Envelope(404, {
  success: false,
  error: 'The required "roomId" or "roomName" param provided does not match any room',
})

export const roomsMembers: readonly Route[] = [
  route({
    verb: 'GET',
    paths: ['/v1/rooms.membersOrderedByRole'],
    input: z.looseObject(MEMBERS_ASKED),
    async run(call, input) {
      const found = await roomNamed(call, input, { archived: 'taken' })
      if (found instanceof MeteorError) return found.error === 'error-room-not-found' ? missing : found
      const { room } = found
      if (typeOf(room) === 'd') return failure('error-room-type-not-supported')
      if (room.config.broadcast && !may(call, 'view-broadcast-member-list', room)) return unauthorized
      const [key, direction] = sortOf(input.sort)
      const descending = key === 'username' && direction === -1
      const listed = await membersOf(call.gate, room, { status: input.status, filter: input.filter, descending })
      const rankOf = ({ account }: (typeof listed)[number]): number => {
        const held = rolesIn(room, account.id)
        const rank = RANKS.findIndex(role => held.includes(role))
        return rank === -1 ? RANKS.length : rank
      }
      const turn = key === 'rolePriority' ? direction : 1
      // A sort keeps the order of equals: within a rank they stay as they were listed.
      const ordered = [...listed].sort((a, b) => turn * (rankOf(a) - rankOf(b)))
      return pagedAnswer(
        'members',
        ordered.map(one => memberWithRoles(room, one)),
        pageOf(call.gate, input),
      )
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.roles'],
    input: z.looseObject({ rid: id }),
    async run({ gate, caller }, { rid }) {
      const found = await known(gate, caller, rid)
      return found ? { roles: await roleDocuments(gate.parts, found.room) } : invalidRoom('getRoomRoles')
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.isMember'],
    input: z.looseObject({ ...USER_NAMED, roomId: id }),
    async run(call, input) {
      const found = await roomNamed(call, input, { shut: unauthorized })
      if (!('room' in found)) return found
      const user = await userNamed(call.gate, input)
      if (user instanceof MeteorError) return failure('error-user-not-found')
      return { isMember: found.room.members.has(user.id) }
    },
  }),
]
