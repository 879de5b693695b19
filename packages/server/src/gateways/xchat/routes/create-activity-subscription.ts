// POST /2/activity/subscriptions: from now on the caller is told of these events. An app is told only of users who let it
// read, a user of themselves (L10); both are looked at again at each delivery.
import type { UserId } from '@conclave/wire'
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { missingScopes } from '../../../identity/scopes.ts'
import { ATTEMPTS } from '../../../limits.ts'
import { isChatType, scopeOf } from '../activity/event-types.ts'
import { appOfWebhook, newSubscription, shownSubscription, subscriptionShape } from '../activity/shapes.ts'
import type { Subscription } from '../activity/subscriptions.ts'
import { ownerOf } from '../activity/subscriptions.ts'
import { conflict, invalidField, notAuthorized, problem, Refusal } from '../problem.ts'
import type { XchatParts } from '../route.ts'
import { sharedRoute } from '../route.ts'
import type { AppCaller, Caller } from '../session.ts'
import { isApp } from '../session.ts'

type Wanted = z.output<typeof newSubscription>

export const createActivitySubscription = sharedRoute({
  operation: 'createActivitySubscription',
  method: 'POST',
  path: '/activity/subscriptions',
  scopes: ['dm.read'],
  query: z.object({}),
  body: newSubscription,
  answer: z.object({ data: z.object({ subscription: subscriptionShape }) }),
  async run(call, parts) {
    const { caller } = call
    const wanted = call.body()
    if (wanted instanceof Refusal) return wanted
    const refused = checkFilter(wanted) ?? (await checkUser(wanted, caller, parts))
    if (refused) return refused
    const now = parts.clock.now()
    const subscription: Subscription = {
      id: parts.newId(),
      owner: ownerOf(caller),
      type: wanted.event_type,
      filter: wanted.filter,
      tag: wanted.tag ?? null,
      webhook: wanted.webhook_id ?? null,
      createdAt: now,
      updatedAt: now,
    }
    return add(subscription, caller, parts)
  },
})

async function add(
  subscription: Subscription,
  caller: Caller | AppCaller,
  parts: XchatParts,
): Promise<{ data: { subscription: z.infer<typeof subscriptionShape> } } | Refusal> {
  const { activity, config } = parts
  const { webhook } = subscription
  const most = config.xchat.activity.subscriptions
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const app = webhook === null ? null : await appOfWebhook(webhook, caller, parts)
    if (app instanceof Refusal) return app
    // Nobody is linked to a webhook that ends meanwhile.
    const guards = app === null ? [] : [activity.webhooks.guard(app)]
    const added = await activity.subscriptions.add(subscription, most, guards)
    if (added === 'added') return { data: { subscription: shownSubscription(subscription) } }
    if (added === 'full') return new Refusal(tooMany(most))
    if (app !== null) await activity.webhooks.refresh(app)
  }
  return new Refusal(conflict("the app's webhooks changed meanwhile"))
}

function checkFilter({ event_type: type, filter }: Wanted): Refusal | null {
  const { user_id: user, keyword, direction } = filter
  if (!isChatType(type)) {
    if (user !== undefined || keyword !== undefined) return null
    return new Refusal(invalidField('filter', 'must name a user_id or a keyword'))
  }
  if (user === undefined) return new Refusal(invalidField('filter.user_id', 'is missing but it is required'))
  if (keyword !== undefined) {
    return new Refusal(invalidField('filter.keyword', 'what chats say is encrypted and cannot be searched'))
  }
  if (direction === undefined) return null
  return new Refusal(invalidField('filter.direction', 'the event types of chats say it themselves'))
}

async function checkUser(
  { event_type: type, filter }: Wanted,
  caller: Caller | AppCaller,
  { activity }: XchatParts,
): Promise<Refusal | null> {
  const scope = scopeOf(type)
  const { user_id: user } = filter
  if (!isApp(caller)) {
    if (missingScopes(caller.scopes, [scope]).length > 0) {
      return new Refusal(problem('about:blank', 'Forbidden', 403, `the token lacks the scope ${scope}`))
    }
    if (user === undefined || user === caller.account.id) return null
    return new Refusal(notAuthorized('user', user, 'filter.user_id: a user is told of nobody but themselves'))
  }
  if (user === undefined) return null
  // Whether there is such a user is nobody's business who was not let in by them.
  if (isUserId(user) && (await activity.consents.holds(caller.app, user as UserId, scope))) return null
  return new Refusal(notAuthorized('user', user, `filter.user_id: this user has not let the app read (${scope})`))
}

function tooMany(most: number) {
  return problem('about:blank', 'Forbidden', 403, `there are ${most} subscriptions already, which is the limit`, {
    code: 'SubscriptionLimitExceeded',
  })
}
