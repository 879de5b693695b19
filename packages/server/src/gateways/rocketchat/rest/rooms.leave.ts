// `rooms.leave`: out of a channel or a group.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { leave } from '../rooms/room-acts.ts'
import { route } from '../route.ts'
import { roomNamed } from './named-room.ts'

export const roomsLeave = route({
  verb: 'POST',
  paths: ['/v1/rooms.leave'],
  input: z.looseObject({}),
  async run(call, input) {
    const found = await roomNamed(call, input)
    if (found instanceof MeteorError) return found
    const left = await leave(call, found, 'leaveRoom')
    return left instanceof MeteorError ? left : {}
  },
})
