// GET /2/activity/subscriptions: the caller's, the oldest first. An app sees those that users made with its tokens too.
import { compareIds } from '@conclave/wire'
import { z } from 'zod'
import { shownSubscription, subscriptionShape, subscriptionsPage } from '../activity/shapes.ts'
import { viewerOf } from '../activity/subscriptions.ts'
import { pageToken } from '../paging.ts'
import { sharedRoute } from '../route.ts'
import { paginationToken } from '../schema.ts'

export const getActivitySubscriptions = sharedRoute({
  operation: 'getActivitySubscriptions',
  method: 'GET',
  path: '/activity/subscriptions',
  scopes: ['dm.read'],
  query: z.object({ max_results: subscriptionsPage, pagination_token: paginationToken('subscriptions') }),
  body: z.object({}),
  answer: z.object({
    data: z.array(subscriptionShape),
    meta: z.object({ result_count: z.int(), total_subscriptions: z.int(), next_token: z.string().optional() }),
  }),
  async run({ caller, query }, { activity }) {
    const { max_results: limit, pagination_token: after } = query
    const all = activity.subscriptions.of(viewerOf(caller))
    const rest = after === undefined ? all : all.filter(({ id }) => compareIds(id, after) > 0)
    const data = rest.slice(0, limit).map(shownSubscription)
    const last = data.at(-1)
    const more = rest.length > data.length && last !== undefined
    return {
      data,
      meta: {
        result_count: data.length,
        total_subscriptions: all.length,
        ...(more ? { next_token: pageToken('subscriptions', last.subscription_id) } : {}),
      },
    }
  },
})
