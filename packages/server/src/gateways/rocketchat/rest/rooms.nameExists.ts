// `rooms.nameExists`: whether a room that is made now under this name would find it taken.
import { z } from 'zod'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const roomsNameExists = route({
  verb: 'GET',
  paths: ['/v1/rooms.nameExists'],
  input: z.looseObject({ roomName: id }),
  async run({ gate }, { roomName }) {
    return { exists: (await gate.parts.reading.named(roomName)).length > 0 }
  },
})
