// `rooms.info`: one room's document, for whoever has access to it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { roomDocument } from '../room-document.ts'
import { route } from '../route.ts'
import { roomNamed } from './named-room.ts'

export const roomsInfo = route({
  verb: 'GET',
  paths: ['/v1/rooms.info'],
  input: z.looseObject({}),
  async run(call, input) {
    const found = await roomNamed(call, input)
    return found instanceof MeteorError ? found : { room: await roomDocument(call.gate.parts, found.room) }
  },
})
