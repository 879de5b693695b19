// `rooms.cleanHistory`: what was said between two moments goes.
import { z } from 'zod'
import { MeteorError, notAllowed } from '../errors.ts'
import { clean } from '../messages/clean.ts'
import { ridOf } from '../names.ts'
import { usernames } from '../params.ts'
import { may } from '../rooms/room-acts.ts'
import { failure, route } from '../route.ts'
import { roomNamed } from './named-room.ts'

/** As clients of all ages write yes. */
const flag = z
  .unknown()
  .optional()
  .transform(value => value === true || value === 'true' || value === 1 || value === '1')
const moment = z.iso
  .datetime({ offset: true })
  .transform(text => new Date(text))
  .optional()

export const roomsCleanHistory = route({
  verb: 'POST',
  paths: ['/v1/rooms.cleanHistory'],
  input: z.looseObject({
    latest: moment,
    oldest: moment,
    inclusive: flag,
    excludePinned: flag,
    filesOnly: flag,
    ignoreThreads: flag,
    ignoreDiscussion: flag,
    limit: z.number().int().nonnegative().optional(),
    users: usernames.optional(),
  }),
  async run(call, input) {
    const found = await roomNamed(call, input, { by: 'office' })
    if (found instanceof MeteorError) {
      // Who may clean rooms is told nothing of which there are.
      const isShut = found.error === 'error-room-not-found' && may(call, 'clean-channel-history')
      return isShut ? notAllowed('cleanRoomHistory', 'User does not have access to the room') : found
    }
    const { latest, oldest } = input
    if (!latest) return failure('Body parameter "latest" is required.')
    if (!oldest) return failure('Body parameter "oldest" is required.')
    const { inclusive, excludePinned, filesOnly, ignoreThreads, ignoreDiscussion } = input
    const rest = { inclusive, excludePinned, filesOnly, ignoreThreads, ignoreDiscussion }
    const count = await clean(call, found, {
      ...rest,
      oldest,
      latest,
      limit: input.limit ?? 0,
      fromUsers: input.users ?? [],
    })
    return count instanceof MeteorError ? count : { _id: ridOf(found.room), count }
  },
})
