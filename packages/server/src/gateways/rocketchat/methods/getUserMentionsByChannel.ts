// `getUserMentionsByChannel`: messages of a room that name the caller, newest first.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { invalidRoom } from '../errors.ts'
import { HISTORY } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'

const NAME = 'getUserMentionsByChannel'
const some = z.number().int().min(0).nullish()

export const getUserMentionsByChannel = method({
  name: NAME,
  params: list(z.looseObject({ roomId: id, options: z.looseObject({ limit: some, skip: some }).nullish() })),
  async run({ gate, caller }, [{ roomId, options }]) {
    const { account } = caller
    const found = await roomOf(gate.parts, account, roomId)
    const page =
      found &&
      (await gate.parts.reading.marked(account, {
        room: found.room.id,
        of: 'mentioning',
        sought: account.id,
        offset: options?.skip ?? 0,
        limit: Math.min(options?.limit || HISTORY, HISTORY),
      }))
    if (!page || isRejection(page)) return invalidRoom(NAME)
    return documentsFor(gate.parts, account, found.room, page.events)
  },
})
