// `rooms.adminRooms`, `rooms.adminRooms.getRoom`, `rooms.adminRooms.privateRooms` and `rooms.autocomplete.adminRooms`: what
// rooms there are, for administrators. X's are not among them, and nothing is shown of what is said in any (L10).
import { z } from 'zod'
import { isTeam, type RoomState } from '../../../room/state.ts'
import { FILTER, ID_TEXT } from '../limits.ts'
import { typeOf } from '../names.ts'
import { governed, mayGovern } from '../rooms/access.ts'
import { may } from '../rooms/room-acts.ts'
import { roomDocumentFor } from '../rooms/room-document.ts'
import { governedRooms, named, sorted } from '../rooms/rooms-list.ts'
import { failure, type RestCall, type Route, route } from '../route.ts'
import { listed } from './families/answer.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'
import { itemsOf, selected } from './rooms.autocomplete.ts'

const kind = z.string().max(ID_TEXT)
const ASKED = z.looseObject({
  ...PAGED,
  filter: z.string().max(FILTER).optional(),
  types: z.union([kind.transform(one => [one]), z.array(kind).max(8)]).optional(),
})
const notAuthorized = failure('error-not-authorized')

export const roomsAdminRooms: readonly Route[] = [
  route({
    verb: 'GET',
    paths: ['/v1/rooms.adminRooms'],
    input: ASKED,
    run: (call, input) => rooms(call, input, input.types),
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.adminRooms.privateRooms'],
    input: ASKED,
    permission: 'view-room-administration',
    run: (call, input) => rooms(call, input, ['p']),
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.adminRooms.getRoom'],
    input: z.looseObject({ rid: z.string().max(ID_TEXT).optional() }),
    async run(call, { rid }) {
      if (!may(call, 'view-room-administration')) return notAuthorized
      const found = rid === undefined ? undefined : await governed(call.gate, call.caller, rid)
      if (!found || !mayGovern(call.caller, found)) return failure('not-allowed')
      return roomDocumentFor(call.gate.parts, call.caller.account, found.room)
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.autocomplete.adminRooms'],
    input: z.looseObject({ selector: z.string().max(1_024).optional() }),
    async run(call, { selector }) {
      if (!may(call, 'view-room-administration')) return notAuthorized
      const name = selected(selector)
      if (name === null) return failure("The 'selector' param is required")
      return { items: itemsOf(named(await governedRooms(call.gate, call.caller), name, 'starts')) }
    },
  }),
]

async function rooms(
  call: RestCall,
  input: z.output<typeof ASKED>,
  types: readonly string[] | undefined,
): Promise<object> {
  if (!may(call, 'view-room-administration')) return notAuthorized
  const all = await governedRooms(call.gate, call.caller)
  const wanted = all.filter(room => isOf(room, types ?? []))
  const whole = sorted(named(wanted, input.filter ?? ''), input.sort)
  const page = pageOf(call.gate, input)
  const part = await listed(call, whole.slice(page.offset, page.offset + page.count))
  return { ...pagedAnswer('rooms', whole, page), rooms: part }
}

/** Discussions and teams are kinds of their own beside `c`, `p` and `d`, listed where they are asked for. */
function isOf(room: RoomState, types: readonly string[]): boolean {
  const own = room.discussionOf ? 'discussions' : isTeam(room) ? 'teams' : null
  if (own !== null) return types.includes(own)
  return types.length === 0 || types.includes(typeOf(room))
}
