// `rooms.delete`: the end of a room of any kind.
import { z } from 'zod'
import { isTeam } from '../../../room/state.ts'
import { invalidRoom, MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { governed } from '../rooms/access.ts'
import { erase } from '../rooms/room-acts.ts'
import { failure, route } from '../route.ts'

export const roomsDelete = route({
  verb: 'POST',
  paths: ['/v1/rooms.delete'],
  input: z.looseObject({ roomId: z.string().max(ID_TEXT).nullish() }),
  async run(call, { roomId }) {
    if (!roomId) return failure("The 'roomId' param is required")
    const found = await governed(call.gate, call.caller, roomId)
    if (!found) return invalidRoom('eraseRoom')
    if (isTeam(found.room)) return new MeteorError('error-cannot-delete-team-channel', 'A main room goes with its team')
    const erased = await erase(call, found, 'eraseRoom')
    return erased instanceof MeteorError ? erased : {}
  },
})
