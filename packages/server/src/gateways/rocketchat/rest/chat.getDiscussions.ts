// `chat.getDiscussions`: rooms that belong to a room. This server has none, so the list of whoever may read it is empty.
import { z } from 'zod'
import { failure, MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatGetDiscussions = route({
  verb: 'GET',
  paths: ['/v1/chat.getDiscussions'],
  input: z.looseObject({ roomId: z.unknown().optional(), ...PAGED }),
  async run(call, { roomId, ...paged }) {
    const missing = new MeteorError('error-invalid-params', 'The required "roomId" query param is missing.')
    const refused = failure('error-not-allowed')
    const found = await roomNamed(call, roomId, missing, refused)
    return found instanceof MeteorError ? found : pagedAnswer('messages', [], pageOf(call.gate, paged))
  },
})
