// DELETE /2/webhooks/{id}: nothing goes there any more. Its subscriptions stay, and are told to streams from then on.
import { z } from 'zod'
import { webhookAt } from '../activity/shapes.ts'
import { Refusal } from '../problem.ts'
import { appRoute } from '../route.ts'

export const deleteWebhooks = appRoute({
  operation: 'deleteWebhooks',
  method: 'DELETE',
  path: '/webhooks/:webhook_id',
  scopes: [],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.object({ deleted: z.literal(true) }) }),
  async run({ caller, param }, { activity, clock }) {
    const webhook = webhookAt(param('webhook_id'), caller, activity)
    if (webhook instanceof Refusal) return webhook
    const { subscriptions, webhooks, deliveries, replays } = activity
    let unlinked: readonly string[] = []
    await webhooks.drop(caller.app, webhook.id, () => {
      const { ids, rows } = subscriptions.unlinked(webhook.id, clock.now())
      unlinked = ids
      return [...rows, replays.ended(webhook.id)]
    })
    await subscriptions.renew(unlinked)
    await deliveries.abandon(webhook.id)
    return { data: { deleted: true as const } }
  },
})
