// DELETE /2/activity/subscriptions/{id}: nothing is told of it any more, what waits for its webhook included.
import { z } from 'zod'
import { subscriptionAt } from '../activity/shapes.ts'
import { viewerOf } from '../activity/subscriptions.ts'
import { Refusal } from '../problem.ts'
import { sharedRoute } from '../route.ts'

export const deleteActivitySubscription = sharedRoute({
  operation: 'deleteActivitySubscription',
  method: 'DELETE',
  path: '/activity/subscriptions/:subscription_id',
  scopes: ['dm.read'],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({
    data: z.object({ deleted: z.literal(true) }),
    meta: z.object({ total_subscriptions: z.int() }),
  }),
  async run({ caller, param }, { activity }) {
    const found = subscriptionAt(param('subscription_id'), caller, activity)
    if (found instanceof Refusal) return found
    const { subscriptions } = activity
    await subscriptions.drop([found.id])
    return {
      data: { deleted: true as const },
      meta: { total_subscriptions: subscriptions.of(viewerOf(caller)).length },
    }
  },
})
