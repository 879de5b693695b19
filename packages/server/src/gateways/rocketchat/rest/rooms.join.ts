// `rooms.join`: into a room of whatever kind, as far as its rules and its code let the caller in.
import { z } from 'zod'
import { MeteorError, notAllowed } from '../errors.ts'
import { JOIN_CODE } from '../limits.ts'
import { join } from '../rooms/room-acts.ts'
import { roomDocumentFor } from '../rooms/room-document.ts'
import { route } from '../route.ts'
import { roomNamed } from './named-room.ts'

export const roomsJoin = route({
  verb: 'POST',
  paths: ['/v1/rooms.join'],
  input: z.looseObject({ joinCode: z.string().max(JOIN_CODE).optional() }),
  async run(call, { joinCode, ...named }) {
    const found = await roomNamed(call, named, { shut: notAllowed('joinRoom') })
    if (found instanceof MeteorError) return found
    const joined = await join(call, found, joinCode, 'joinRoom')
    if (joined instanceof MeteorError) return joined
    return { room: await roomDocumentFor(call.gate.parts, call.caller.account, joined) }
  },
})
