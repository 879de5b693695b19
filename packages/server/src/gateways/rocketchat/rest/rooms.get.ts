// `rooms.get`: the rooms of which the caller is a member, whole or as far as they have changed.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { removedRooms, roomsFor } from '../rooms/lists.ts'
import { route } from '../route.ts'

export const roomsGet = route({
  verb: 'GET',
  paths: ['/v1/rooms.get'],
  input: z.looseObject({ updatedSince: z.string().optional() }),
  async run({ gate, caller: { account } }, { updatedSince }) {
    const at = updatedSince ? new Date(updatedSince) : null
    if (at && Number.isNaN(at.getTime()))
      return new MeteorError(
        'error-updatedSince-param-invalid',
        'The "updatedSince" query parameter must be a valid date.',
      )
    return { update: await roomsFor(gate, account, at), remove: at ? await removedRooms(gate, account, at) : [] }
  },
})
