// `chat.getPinnedMessages`: of a room, the last pinned first.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { markedPage } from './marked-page.ts'
import { PAGED } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatGetPinnedMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getPinnedMessages'],
  input: z.looseObject({ roomId: z.unknown().optional(), ...PAGED }),
  async run(call, { roomId, ...paged }) {
    const missing = new MeteorError('error-roomId-param-not-provided', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing)
    if (found instanceof MeteorError) return found
    return markedPage(call, found, { of: 'pinned' }, paged)
  },
})
