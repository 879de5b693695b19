// `rooms.info`: one room's document, or the fields of it that are asked for, and what it hangs on, for whoever has access.
import { z } from 'zod'
import { isTeam, type RoomState } from '../../../room/state.ts'
import { fullNameOf, ridOf, shortNameOf, typeOf } from '../names.ts'
import { mayKnow } from '../rooms/access.ts'
import { roomDocumentFor } from '../rooms/room-document.ts'
import { teamDocument } from '../rooms/teams.ts'
import { failure, type RestCall, route } from '../route.ts'
import { roomNamed } from './named-room.ts'

export const roomsInfo = route({
  verb: 'GET',
  paths: ['/v1/rooms.info'],
  input: z.looseObject({ fields: z.string().max(1_024).optional() }),
  async run(call, input) {
    const found = await roomNamed(call, input, { archived: 'taken', shut: failure('not-allowed') })
    if (!('room' in found)) return found
    const room = await roomDocumentFor(call.gate.parts, call.caller.account, found.room)
    const around = await branchesOf(call, found.room)
    const wanted = fieldsIn(input.fields)
    if (!wanted) return { room, ...around }
    const entries = Object.entries(room).filter(([name]) => name === '_id' || wanted.has(name))
    return { room: Object.fromEntries(entries), ...around }
  },
})

/** The team of a room and its main room, or the room that a discussion is about, as far as the caller may know of them. */
async function branchesOf(call: RestCall, room: RoomState): Promise<object> {
  const { gate, caller } = call
  const above = room.discussionOf?.parent ?? room.team?.main
  const found = above === undefined ? undefined : await gate.parts.reading.room(above)
  if (!found || (found.room.id !== room.id && !mayKnow(gate, caller, found))) return {}
  const parent = found.room.id === room.id ? {} : { parent: roomRefOf(found.room) }
  if (room.discussionOf || !isTeam(found.room)) return parent
  const { _id, name, type, roomId } = await teamDocument(gate, found.room)
  return { ...parent, team: { _id, name, type, roomId } }
}

function roomRefOf(room: RoomState): object {
  return { _id: ridOf(room), name: shortNameOf(room), fname: fullNameOf(room), t: typeOf(room) }
}

/** Those that a projection like `{"name":1}` names; null where it names none, or cannot be read. */
function fieldsIn(json: string | undefined): ReadonlySet<string> | null {
  try {
    const named = Object.entries(JSON.parse(json ?? '{}') as object).filter(
      ([, value]) => value === 1 || value === true,
    )
    return named.length > 0 ? new Set(named.map(([name]) => name)) : null
  } catch {
    return null
  }
}
