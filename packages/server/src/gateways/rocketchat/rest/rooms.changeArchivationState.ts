// `rooms.changeArchivationState`: `archive`, or anything else to bring the room back.
import { z } from 'zod'
import { invalidRoom, MeteorError } from '../errors.ts'
import { id } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { archive } from '../rooms/room-acts.ts'
import { route } from '../route.ts'

export const roomsChangeArchivationState = route({
  verb: 'POST',
  paths: ['/v1/rooms.changeArchivationState'],
  input: z.looseObject({ rid: id, action: z.string().optional() }),
  async run(call, { rid, action }) {
    const archived = action === 'archive'
    const method = archived ? 'archiveRoom' : 'unarchiveRoom'
    const found = await governed(call.gate, call.caller, rid)
    if (!found) return invalidRoom(method)
    const done = await archive(call, found, archived, method)
    return done instanceof MeteorError ? done : {}
  },
})
