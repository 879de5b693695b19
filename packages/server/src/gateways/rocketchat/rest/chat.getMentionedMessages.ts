// `chat.getMentionedMessages`: of a room, those that name the caller, newest first.
import { z } from 'zod'
import { failure, MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { markedPage } from './marked-page.ts'
import { PAGED } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatGetMentionedMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getMentionedMessages'],
  input: z.looseObject({ roomId: z.unknown().optional(), ...PAGED }),
  async run(call, { roomId, ...paged }) {
    const missing = new MeteorError('error-invalid-params', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing, failure('error-not-allowed'))
    if (found instanceof MeteorError) return found
    return markedPage(call, found, { of: 'mentioning', sought: call.caller.account.id }, paged)
  },
})
