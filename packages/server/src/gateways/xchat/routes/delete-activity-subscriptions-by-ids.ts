// DELETE /2/activity/subscriptions?ids=: several at once, with a result for each.
import { z } from 'zod'
import { SUBSCRIPTIONS_DROPPED } from '../activity/limits.ts'
import { ids } from '../activity/shapes.ts'
import { viewerOf } from '../activity/subscriptions.ts'
import { sharedRoute } from '../route.ts'

export const deleteActivitySubscriptionsByIds = sharedRoute({
  operation: 'deleteActivitySubscriptionsByIds',
  method: 'DELETE',
  path: '/activity/subscriptions',
  scopes: ['dm.read'],
  query: z.object({ ids: ids(SUBSCRIPTIONS_DROPPED) }),
  body: z.object({}),
  answer: z.object({
    data: z.array(z.object({ subscription_id: z.string(), deleted: z.boolean() })),
    errors: z.array(z.object({ subscription_id: z.string(), message: z.string(), reason: z.string() })).optional(),
    meta: z.object({ total_subscriptions: z.int() }),
  }),
  async run({ caller, query }, { activity }) {
    const { subscriptions } = activity
    const viewer = viewerOf(caller)
    const known = query.ids.filter(id => {
      const found = subscriptions.get(id)
      return found !== undefined && subscriptions.sees(viewer, found)
    })
    if (known.length > 0) await subscriptions.drop(known)
    const unknown = query.ids.filter(id => !known.includes(id))
    const errors = unknown.map(id => ({
      subscription_id: id,
      message: `subscription ${id} not found: it does not exist`,
      reason: 'NotFound',
    }))
    return {
      data: query.ids.map(id => ({ subscription_id: id, deleted: known.includes(id) })),
      ...(errors.length === 0 ? {} : { errors }),
      meta: { total_subscriptions: subscriptions.of(viewer).length },
    }
  },
})
