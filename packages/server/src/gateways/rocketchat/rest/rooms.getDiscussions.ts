// `rooms.getDiscussions`: the rooms that belong to a room, the newest first.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { DISCUSSIONS } from '../limits.ts'
import { discussionsOf } from '../rooms/discussions.ts'
import { roomDocuments } from '../rooms/room-document.ts'
import { route } from '../route.ts'
import { roomNamed } from './named-room.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const roomsGetDiscussions = route({
  verb: 'GET',
  paths: ['/v1/rooms.getDiscussions'],
  input: z.looseObject({ ...PAGED, roomId: z.unknown().optional(), roomName: z.unknown().optional() }),
  async run(call, input) {
    const found = await roomNamed(call, input)
    if (found instanceof MeteorError) return found
    const all = await discussionsOf(call, found.room, DISCUSSIONS)
    const page = pageOf(call.gate, input)
    const answer = pagedAnswer('discussions', all, page) as { discussions: typeof all }
    const rooms = answer.discussions.map(({ room }) => room)
    return { ...answer, discussions: await roomDocuments(call.gate.parts, call.caller.account, rooms) }
  },
})
