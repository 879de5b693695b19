// POST /2/webhooks: an address of an app that shows at once that it knows the app's secret (x-chat.md 3.16).
import { z } from 'zod'
import { CHALLENGES, WEBHOOK_URL, WEBHOOKS } from '../activity/limits.ts'
import { shownWebhook, webhookShape } from '../activity/shapes.ts'
import type { WebhookFailure } from '../activity/webhooks.ts'
import { webhookUrl } from '../activity/webhooks.ts'
import { invalidField, problem, Refusal, UNAUTHORIZED } from '../problem.ts'
import type { XchatParts } from '../route.ts'
import { appRoute } from '../route.ts'
import { object, text } from '../schema.ts'

export const createWebhooks = appRoute({
  operation: 'createWebhooks',
  method: 'POST',
  path: '/webhooks',
  scopes: [],
  query: z.object({}),
  body: object({ url: text(WEBHOOK_URL).min(1, 'must not be empty') }),
  answer: z.object({ data: webhookShape }),
  async run(call, parts) {
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { app } = call.caller
    const { webhooks } = parts.activity
    const url = webhookUrl(sent.url, parts.config.xchat.webhooks.insecure)
    if (url === undefined) return failed('UrlValidationFailed', URL_FORM)
    const early = webhooks.refusal(app, url)
    if (early) return failed(early)
    const answer = await challenge(app, url, parts)
    if (answer instanceof Refusal) return answer
    if (answer === 'forbidden') return failed('UrlValidationFailed', 'there is no host that may be called')
    if (answer === 'wrong') return failed('CrcValidationFailed')
    const webhook = { id: parts.newId(), url, valid: true, createdAt: parts.clock.now() }
    const late = await webhooks.add(app, webhook)
    return late ? failed(late) : { data: shownWebhook(webhook) }
  },
})

/** The one bound of calls that an app can cause at will. */
export async function challenge(
  app: string,
  url: string,
  { activity, identity, quota, clock }: XchatParts,
): Promise<'answered' | 'wrong' | 'forbidden' | Refusal> {
  const record = await identity.app(app)
  if (!record) return new Refusal(UNAUTHORIZED)
  const taken = await quota.take(`xchat:app:${app}:challenges`, CHALLENGES)
  if (taken.allowed) return activity.webhooks.challenge(url, record.secret)
  const wait = String(Math.max(1, Math.ceil((taken.resetsAt - clock.now()) / 1_000)))
  return new Refusal(problem('rate-limit-exceeded', 'Too Many Requests', 429, 'too many challenges'), {
    'retry-after': wait,
  })
}

const URL_FORM = 'must be an https address without a port, user name, password and fragment'

const REASONS: Readonly<Record<WebhookFailure, string>> = {
  CrcValidationFailed: 'the address did not answer the challenge with the right response_token',
  UrlValidationFailed: 'the address is not valid',
  DuplicateUrlFailed: 'the app has a webhook with this address already',
  WebhookLimitExceeded: `the app has ${WEBHOOKS} webhooks already`,
}

function failed(code: WebhookFailure, why: string = REASONS[code]): Refusal {
  return new Refusal(invalidField('url', `${code}: ${why}`, { code }))
}
