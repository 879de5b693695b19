// `rooms.info`: one room's document, or the fields of it that are asked for, for whoever has access to it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { roomDocumentFor } from '../room-document.ts'
import { route } from '../route.ts'
import { roomNamed } from './named-room.ts'

export const roomsInfo = route({
  verb: 'GET',
  paths: ['/v1/rooms.info'],
  input: z.looseObject({ fields: z.string().max(1_024).optional() }),
  async run(call, input) {
    const found = await roomNamed(call, input)
    if (found instanceof MeteorError) return found
    const room = await roomDocumentFor(call.gate.parts, call.caller.account, found.room)
    const wanted = fieldsIn(input.fields)
    if (!wanted) return { room }
    const entries = Object.entries(room).filter(([name]) => name === '_id' || wanted.has(name))
    return { room: Object.fromEntries(entries) }
  },
})

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
