// `createDirectMessage`: the direct room of the caller and of the users that are named, made when there is none.
import { z } from 'zod'
import { MeteorError, matchFailed } from '../errors.ts'
import { DIRECT_USERS } from '../limits.ts'
import { method } from '../method.ts'
import { ridOf } from '../names.ts'
import { id } from '../params.ts'
import { directRoom } from '../rooms/direct.ts'
import { peopleOf } from '../rooms/room-document.ts'

export const createDirectMessage = method({
  name: 'createDirectMessage',
  params: z.array(z.unknown()).min(1).max(DIRECT_USERS),
  async run(call, given) {
    // The SDK 0.2.9 puts an object of options behind the names.
    const names = z
      .array(id)
      .min(1)
      .safeParse(given.filter(one => typeof one === 'string'))
    if (!names.success) return matchFailed
    const made = await directRoom(call, names.data)
    if (made instanceof MeteorError) return made
    const { room, inserted } = made
    const { usernames } = await peopleOf(call.gate.parts, room.direct ?? [])
    return { rid: ridOf(room), _id: ridOf(room), t: 'd', usernames, inserted }
  },
})
