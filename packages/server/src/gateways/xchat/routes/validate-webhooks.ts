// PUT /2/webhooks/{id}: the challenge once more. One that answers it is told of events again.
import { z } from 'zod'
import { webhookAt } from '../activity/shapes.ts'
import { Refusal } from '../problem.ts'
import { appRoute } from '../route.ts'
import { challenge } from './create-webhooks.ts'

export const validateWebhooks = appRoute({
  operation: 'validateWebhooks',
  method: 'PUT',
  path: '/webhooks/:webhook_id',
  scopes: [],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.object({ valid: z.boolean() }) }),
  async run({ caller, param }, parts) {
    const webhook = webhookAt(param('webhook_id'), caller, parts.activity)
    if (webhook instanceof Refusal) return webhook
    const answer = await challenge(caller.app, webhook.url, parts)
    if (answer instanceof Refusal) return answer
    const valid = answer === 'answered'
    await parts.activity.webhooks.judge(caller.app, webhook.id, valid)
    return { data: { valid } }
  },
})
