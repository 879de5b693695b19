// `rooms.invite`: accepts or declines an invitation. Whoever is invited here is in the room at once, so none waits.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const roomsInvite = route({
  verb: 'POST',
  paths: ['/v1/rooms.invite'],
  input: z.looseObject({ roomId: id, action: z.enum(['accept', 'reject']) }),
  run: async () => new MeteorError('error-invitation-not-found', 'No invitation to this room waits for you'),
})
