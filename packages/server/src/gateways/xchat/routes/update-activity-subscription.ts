// PUT /2/activity/subscriptions/{id}: another tag, or another webhook.
import { z } from 'zod'
import { ATTEMPTS } from '../../../limits.ts'
import {
  linkedWebhook,
  shownSubscription,
  subscriptionAt,
  subscriptionChange,
  subscriptionShape,
} from '../activity/shapes.ts'
import { ownerOf } from '../activity/subscriptions.ts'
import { conflict, invalidField, notFound, Refusal } from '../problem.ts'
import { sharedRoute } from '../route.ts'

export const updateActivitySubscription = sharedRoute({
  operation: 'updateActivitySubscription',
  method: 'PUT',
  path: '/activity/subscriptions/:subscription_id',
  scopes: ['dm.read'],
  query: z.object({}),
  body: subscriptionChange,
  answer: z.object({ data: z.object({ subscription: subscriptionShape, total_subscriptions: z.int() }) }),
  async run(call, { activity, clock }) {
    const { caller } = call
    const { subscriptions, webhooks } = activity
    const found = subscriptionAt(call.param('subscription_id'), caller, activity)
    if (found instanceof Refusal) return found
    const wanted = call.body()
    if (wanted instanceof Refusal) return wanted
    const { tag, webhook_id: webhook } = wanted
    if (tag === undefined && webhook === undefined) {
      return new Refusal(invalidField('tag', 'is missing but it is required, where webhook_id is missing too'))
    }
    const change = {
      ...(tag === undefined ? {} : { tag }),
      ...(webhook === undefined ? {} : { webhook }),
      updatedAt: clock.now(),
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const unknown = webhook === undefined ? null : linkedWebhook(webhook, caller, activity)
      if (unknown) return unknown
      const guards = webhook === undefined || caller.app === null ? [] : [webhooks.guard(caller.app)]
      const changed = await subscriptions.change(found.id, change, guards)
      if (!changed) return new Refusal(notFound('subscription', 'subscription_id', found.id))
      if (changed !== 'stale') {
        const total_subscriptions = subscriptions.of(ownerOf(caller)).length
        return { data: { subscription: shownSubscription(changed), total_subscriptions } }
      }
      if (caller.app !== null) await webhooks.refresh(caller.app)
    }
    return new Refusal(conflict("the app's webhooks changed meanwhile"))
  },
})
