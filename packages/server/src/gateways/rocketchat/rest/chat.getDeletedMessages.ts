// `chat.getDeletedMessages`: ids of messages that were deleted since a time.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { changesSince } from '../messages/sync.ts'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'
import { roomNamed, timeIn } from './room-named.ts'

export const chatGetDeletedMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getDeletedMessages'],
  input: z.looseObject({ roomId: z.unknown().optional(), since: z.string().optional(), ...PAGED }),
  async run(call, { roomId, since, ...paged }) {
    const found = await roomNamed(call, roomId, says('The required "roomId" query param is missing.'))
    if (found instanceof MeteorError) return found
    if (!since) return says('The required "since" query param is missing.')
    const time = timeIn(since)
    if (!time) return says('The "since" query parameter must be a valid date.')
    const changes = await changesSince(call.gate.parts, call.caller.account, found.room, time.getTime())
    if (isRejection(changes)) return errorOf(changes, 'chat.getDeletedMessages')
    const ids = changes.deleted.map(({ _id }) => ({ _id }))
    return pagedAnswer('messages', ids, pageOf(call.gate, paged as Parameters<typeof pageOf>[1]))
  },
})

/** As the real server has it, which gives the text as the code. */
function says(text: string): MeteorError {
  return new MeteorError(text, '')
}
