// Subscriptions and webhooks as requests write them and answers show them (x-chat.md 3.15, 3.16).
import { z } from 'zod'
import { PARAMETER, SHORT_TEXT } from '../limits.ts'
import { invalidField, notFound, Refusal } from '../problem.ts'
import type { XchatParts } from '../route.ts'
import { closed, text } from '../schema.ts'
import type { AppCaller, Caller } from '../session.ts'
import { isApp } from '../session.ts'
import { eventTypeOf } from './event-types.ts'
import type { Activity } from './index.ts'
import { KEYWORD, SUBSCRIPTIONS_PAGE, TAG } from './limits.ts'
import type { Subscription } from './subscriptions.ts'
import { viewerOf } from './subscriptions.ts'
import type { Webhook } from './webhooks.ts'

const ID = /^[0-9]{1,19}$/
const NOT_AN_ID = 'must be an id: 1 to 19 digits'
const numericId = text(SHORT_TEXT).regex(ID, NOT_AN_ID)
const tag = text(TAG).min(1, 'must not be empty')

const filter = closed({
  user_id: numericId.optional(),
  keyword: text(KEYWORD).min(1, 'must not be empty').optional(),
  direction: z.enum(['inbound', 'outbound'], 'must be inbound or outbound').optional(),
})

export const newSubscription = closed({
  event_type: text(SHORT_TEXT).transform((name, context) => {
    const type = eventTypeOf(name)
    if (type !== undefined) return type
    context.addIssue('is no event type')
    return z.NEVER
  }),
  filter,
  tag: tag.optional(),
  webhook_id: numericId.optional(),
})

export const subscriptionChange = closed({ tag: tag.optional(), webhook_id: numericId.optional() })

export const subscriptionShape = z.object({
  subscription_id: z.string(),
  event_type: z.string(),
  filter: z.object({
    user_id: z.string().optional(),
    keyword: z.string().optional(),
    direction: z.string().optional(),
  }),
  tag: z.string().optional(),
  webhook_id: z.string().optional(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})

export function shownSubscription(subscription: Subscription): z.infer<typeof subscriptionShape> {
  const { id, type, filter, tag, webhook, createdAt, updatedAt } = subscription
  return {
    subscription_id: id,
    event_type: type,
    filter,
    ...(tag === null ? {} : { tag }),
    ...(webhook === null ? {} : { webhook_id: webhook }),
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}

export const webhookShape = z.object({
  id: z.string(),
  url: z.string(),
  valid: z.boolean(),
  created_at: z.iso.datetime(),
})

export function shownWebhook({ id, url, valid, createdAt }: Webhook): z.infer<typeof webhookShape> {
  return { id, url, valid, created_at: new Date(createdAt).toISOString() }
}

const PAGE = `must be a number from 1 to ${SUBSCRIPTIONS_PAGE}`
export const subscriptionsPage = z
  .string(PAGE)
  .regex(/^[0-9]{1,4}$/, PAGE)
  .transform(Number)
  .refine(count => count >= 1 && count <= SUBSCRIPTIONS_PAGE, PAGE)
  .default(SUBSCRIPTIONS_PAGE)

/** Each once. */
export function ids(most: number) {
  return text(PARAMETER)
    .transform(value => [...new Set(value.split(','))])
    .refine(list => list.every(id => ID.test(id)), NOT_AN_ID)
    .refine(list => list.length <= most, `must have at most ${most} elements`)
}

/** A subscription at a path that the caller sees. */
export function subscriptionAt(
  id: string,
  caller: Caller | AppCaller,
  { subscriptions }: Activity,
): Subscription | Refusal {
  if (!ID.test(id)) return new Refusal(invalidField('subscription_id', NOT_AN_ID))
  const found = subscriptions.get(id)
  if (found && subscriptions.sees(viewerOf(caller), found)) return found
  return new Refusal(notFound('subscription', 'subscription_id', id))
}

/** A webhook at a path, of the app that calls. */
export function webhookAt(id: string, { app }: AppCaller, { webhooks }: Activity): Webhook | Refusal {
  if (!ID.test(id)) return new Refusal(invalidField('webhook_id', NOT_AN_ID))
  const found = webhooks.get(id)
  return found?.app === app ? found.webhook : new Refusal(notFound('webhook', 'webhook_id', id))
}

/** The app whose webhook a body names: that by whose token is called, or with a token of no app one that the user owns. */
export async function appOfWebhook(
  id: string,
  caller: Caller | AppCaller,
  { activity, identity }: Pick<XchatParts, 'activity' | 'identity'>,
): Promise<string | Refusal> {
  const app = activity.webhooks.get(id)?.app
  if (app !== undefined && app === caller.app) return app
  const owned = app !== undefined && !isApp(caller) && caller.app === null
  if (owned && (await identity.app(app))?.owner === caller.account.id) return app
  const why = caller.app === null ? 'no app of the user has it' : 'the app has no such webhook'
  return new Refusal(invalidField('webhook_id', `${id} does not exist: ${why}`))
}
