// GET /2/webhooks: the app's own, the oldest first.
import { z } from 'zod'
import { shownWebhook, webhookShape } from '../activity/shapes.ts'
import { appRoute } from '../route.ts'
import { names } from '../schema.ts'

export const getWebhooks = appRoute({
  operation: 'getWebhooks',
  method: 'GET',
  path: '/webhooks',
  scopes: [],
  query: z.object({ 'webhook_config.fields': names(['created_at', 'id', 'url', 'valid']) }),
  body: z.object({}),
  answer: z.object({ data: z.array(webhookShape.partial()), meta: z.object({ result_count: z.int() }) }),
  async run({ caller, query }, { activity }) {
    const fields = query['webhook_config.fields']
    const data = activity.webhooks.of(caller.app).map(webhook => {
      const shown = shownWebhook(webhook)
      if (!fields) return shown
      return Object.fromEntries(
        Object.entries(shown).filter(([name]) => name === 'id' || fields.includes(name as never)),
      )
    })
    return { data, meta: { result_count: data.length } }
  },
})
