// `rooms.autocomplete.*`: rooms of the caller's own while a name is being typed.
import { z } from 'zod'
import { hasRole, type RoomState } from '../../../room/state.ts'
import { COMPLETIONS, FILTER } from '../limits.ts'
import { fullNameOf, ridOf, slugOf, typeOf } from '../names.ts'
import { named, ownRooms, sorted } from '../rooms/rooms-list.ts'
import { failure, type RestCall, type Route, route } from '../route.ts'
import { PAGED, pageOf } from './page.ts'

const SELECTOR = z.string().max(1_024).optional()
const required = failure("The 'selector' param is required")

export const roomsAutocomplete: readonly Route[] = [
  route({
    verb: 'GET',
    paths: ['/v1/rooms.autocomplete.channelAndPrivate'],
    input: z.looseObject({ selector: SELECTOR }),
    async run(call, { selector }) {
      const name = selected(selector)
      return name === null ? required : { items: itemsOf(await own(call, name)) }
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.autocomplete.channelAndPrivate.withPagination'],
    input: z.looseObject({ ...PAGED, selector: SELECTOR }),
    async run(call, input) {
      const name = selected(input.selector)
      if (name === null) return required
      const rooms = sorted(await own(call, name), input.sort)
      const { offset, count } = pageOf(call.gate, input)
      return { items: rooms.slice(offset, offset + count).map(itemOf), total: rooms.length }
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/rooms.autocomplete.availableForTeams'],
    input: z.looseObject({ name: z.string().max(FILTER).optional() }),
    async run(call, { name }) {
      const mine = (await own(call, '')).filter(
        room => room.team === null && room.discussionOf === null && hasRole(room, call.caller.account.id, 'owner'),
      )
      return { items: itemsOf(named(mine, name ?? '', 'starts')) }
    },
  }),
]

async function own({ gate, caller }: RestCall, name: string): Promise<RoomState[]> {
  const rooms = await ownRooms(gate, caller)
  return named(
    rooms.filter(room => typeOf(room) !== 'd'),
    name,
  )
}

/** The name that a selector asks for, '' where it asks for any; null where there is none, or it cannot be read. */
export function selected(selector: string | undefined): string | null {
  if (!selector) return null
  try {
    const { name } = JSON.parse(selector) as { name?: unknown }
    return typeof name === 'string' ? name : ''
  } catch {
    return null
  }
}

export function itemsOf(rooms: readonly RoomState[]): object[] {
  return sorted(rooms).slice(0, COMPLETIONS).map(itemOf)
}

function itemOf(room: RoomState): object {
  const name = fullNameOf(room)
  const encrypted = room.suite === 'none' ? {} : { encrypted: true }
  return { _id: ridOf(room), t: typeOf(room), name: slugOf(name), fname: name, ...encrypted }
}
