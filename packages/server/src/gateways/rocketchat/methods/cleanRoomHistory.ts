// `cleanRoomHistory`: [{ roomId, oldest, latest, … }]; how many messages went.
import { z } from 'zod'
import { notAllowed } from '../errors.ts'
import { clean } from '../messages/clean.ts'
import { method } from '../method.ts'
import { date, id, list, usernames } from '../params.ts'
import { governed } from '../rooms/access.ts'

const NAME = 'cleanRoomHistory'
const flag = z.boolean().nullish()

export const cleanRoomHistory = method({
  name: NAME,
  params: list(
    z.object({
      roomId: id,
      latest: date,
      oldest: date,
      inclusive: flag,
      limit: z.number().int().nonnegative().nullish(),
      excludePinned: flag,
      filesOnly: flag,
      ignoreThreads: flag,
      ignoreDiscussion: flag,
      fromUsers: usernames.nullish(),
    }),
  ),
  async run(call, [asked]) {
    const found = await governed(call.gate, call.caller, asked.roomId)
    if (!found) return notAllowed(NAME)
    return clean(call, found, {
      oldest: asked.oldest,
      latest: asked.latest,
      inclusive: asked.inclusive ?? true,
      limit: asked.limit ?? 0,
      excludePinned: asked.excludePinned ?? false,
      filesOnly: asked.filesOnly ?? false,
      ignoreThreads: asked.ignoreThreads ?? false,
      ignoreDiscussion: asked.ignoreDiscussion ?? true,
      fromUsers: asked.fromUsers ?? [],
    })
  },
})
