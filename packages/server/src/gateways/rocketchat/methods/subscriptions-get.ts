// `subscriptions/get`: the caller's memberships. With a date also what is gone since; the log of a room that one has
// left is not read for that, so `remove` is empty and clients compare.

import { z } from 'zod'
import { subscriptionDocument } from '../encode.ts'
import { method } from '../method.ts'
import { date } from '../params.ts'

export const subscriptionsGet = method({
  name: 'subscriptions/get',
  params: z.union([z.tuple([date.nullish()]).rest(z.unknown()), z.tuple([])]),
  async run({ gate, caller }, [since]) {
    const { parts } = gate
    const update: object[] = []
    for (const room of await parts.reading.roomsOf(caller.account.id))
      update.push(await subscriptionDocument(parts, room, caller.account, { keys: 'own' }))
    return since ? { update, remove: [] } : update
  },
})
