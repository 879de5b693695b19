// PUT /2/activity/subscriptions/{id}: another tag, or another webhook.
import { z } from 'zod'
import { ATTEMPTS } from '../../../limits.ts'
import {
  appOfWebhook,
  shownSubscription,
  subscriptionAt,
  subscriptionChange,
  subscriptionShape,
} from '../activity/shapes.ts'
import { viewerOf } from '../activity/subscriptions.ts'
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
  async run(call, parts) {
    const { activity, clock } = parts
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
      const app = webhook === undefined ? null : await appOfWebhook(webhook, caller, parts)
      if (app instanceof Refusal) return app
      const guards = app === null ? [] : [webhooks.guard(app)]
      const changed = await subscriptions.change(found.id, change, guards)
      if (!changed) return new Refusal(notFound('subscription', 'subscription_id', found.id))
      if (changed !== 'stale') {
        const total_subscriptions = subscriptions.of(viewerOf(caller)).length
        return { data: { subscription: shownSubscription(changed), total_subscriptions } }
      }
      if (app !== null) await webhooks.refresh(app)
    }
    return new Refusal(conflict("the app's webhooks changed meanwhile"))
  },
})
