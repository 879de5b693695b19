// `channels.list`, `channels.list.joined`, `groups.list` and `groups.listAll`.
import { z } from 'zod'
import type { RoomState } from '../../../../room/state.ts'
import { typeOf } from '../../names.ts'
import { governedRooms, ownRooms, publicRooms, sorted } from '../../rooms/rooms-list.ts'
import { type RestCall, type Route, route, unauthorized } from '../../route.ts'
import type { Permission } from '../../settings/permission-table.ts'
import { PAGED, pagedAnswer, pageOf } from '../page.ts'
import { listed, MANY } from './answer.ts'

type Listing = (call: RestCall) => Promise<readonly RoomState[] | null>

/** null: the caller may not. */
const LISTS: Readonly<Record<string, readonly ['channels' | 'groups', Listing, Permission?]>> = {
  'channels.list': [
    'channels',
    async ({ gate, caller }) => {
      if (gate.permissions.may(caller.account, 'view-c-room')) return publicRooms(gate, caller)
      return gate.permissions.may(caller.account, 'view-joined-room') ? ownRooms(gate, caller, 'c') : null
    },
  ],
  'channels.list.joined': ['channels', ({ gate, caller }) => ownRooms(gate, caller, 'c')],
  'groups.list': ['groups', ({ gate, caller }) => ownRooms(gate, caller, 'p')],
  'groups.listAll': [
    'groups',
    async ({ gate, caller }) => (await governedRooms(gate, caller)).filter(room => typeOf(room) === 'p'),
    'view-room-administration',
  ],
}

export const lists: Route[] = Object.entries(LISTS).map(([name, [family, list, permission]]) =>
  route({
    verb: 'GET',
    paths: [`/v1/${name}`],
    input: z.looseObject(PAGED),
    ...(permission ? { permission } : {}),
    async run(call, input) {
      const rooms = await list(call)
      if (!rooms) return unauthorized
      const page = pageOf(call.gate, input)
      const whole = sorted(rooms, input.sort)
      const part = await listed(call, whole.slice(page.offset, page.offset + page.count))
      return { ...pagedAnswer(MANY[family], whole, page), [MANY[family]]: part }
    },
  }),
)
