// `subscriptions.read`, `subscriptions.unread`: a room is read, or unread again.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { unread } from '../methods/unreadMessages.ts'
import { id } from '../params.ts'
import { ownMembership, readAll } from '../rooms/membership-acts.ts'
import { failure, route } from '../route.ts'

/** Numbers are taken for texts, as the real server's validator does. */
const text = z.union([id, z.number().transform(String)])
const threads = z.boolean().nullish()

export const subscriptionsRead = route({
  verb: 'POST',
  paths: ['/v1/subscriptions.read'],
  input: z.union([
    z.strictObject({ rid: text, readThreads: threads }),
    z.strictObject({ roomId: text, readThreads: threads }),
  ]),
  async run({ gate, caller }, input) {
    const own = await ownMembership(gate, caller, 'rid' in input ? input.rid : input.roomId)
    if (!own) return failure('error-invalid-subscription')
    await readAll(gate, own, input.readThreads ?? false)
    return {}
  },
})

export const subscriptionsUnread = route({
  verb: 'POST',
  paths: ['/v1/subscriptions.unread'],
  input: z.union([
    z.strictObject({ roomId: text }),
    z.strictObject({ firstUnreadMessage: z.looseObject({ _id: id }) }),
  ]),
  async run(call, input) {
    const first = 'firstUnreadMessage' in input ? input.firstUnreadMessage._id : undefined
    const refused = await unread(call, { first, rid: 'roomId' in input ? input.roomId : undefined })
    return refused instanceof MeteorError ? refused : {}
  },
})
