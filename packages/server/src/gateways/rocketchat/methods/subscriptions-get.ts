// `subscriptions/get`: the caller's memberships. With a date those that have changed since, and those that have ended.
import { z } from 'zod'
import { method } from '../method.ts'
import { date } from '../params.ts'
import { removedSubscriptions, subscriptionsFor } from '../rooms/lists.ts'

export const subscriptionsGet = method({
  name: 'subscriptions/get',
  params: z.union([z.tuple([date.nullish()]).rest(z.unknown()), z.tuple([])]),
  async run({ gate, caller: { account } }, [since]) {
    const update = await subscriptionsFor(gate, account, since ?? null)
    return since ? { update, remove: await removedSubscriptions(gate, account, since) } : update
  },
})
