// `chat.getStarredMessages`: of a room, the caller's own, the last starred first.
import { z } from 'zod'
import { failure, MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { markedPage } from './marked-page.ts'
import { PAGED } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatGetStarredMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getStarredMessages'],
  input: z.looseObject({ roomId: z.unknown().optional(), ...PAGED }),
  async run(call, { roomId, ...paged }) {
    const missing = new MeteorError('error-invalid-params', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing, failure('error-not-allowed'))
    if (found instanceof MeteorError) return found
    return markedPage(call, found, { of: 'starred' }, paged)
  },
})
