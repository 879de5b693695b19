// POST /2/webhooks/replay: what happened in a span is told to a webhook once more, under the same ids.
import { z } from 'zod'
import { REPLAY } from '../activity/limits.ts'
import { webhookAt } from '../activity/shapes.ts'
import { SHORT_TEXT } from '../limits.ts'
import { conflict, invalidField, Refusal } from '../problem.ts'
import { appRoute } from '../route.ts'
import { object, text } from '../schema.ts'

const DATE = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/
const NO_DATE = 'must be a time as yyyymmddhhmm, in UTC'
const HOUR = 3_600_000

/** ms since 1970. */
const minute = text(SHORT_TEXT).transform((value, context) => {
  const time = Date.parse(value.replace(DATE, '$1-$2-$3T$4:$5:00.000Z'))
  // A day that no month has would be read as one of the next.
  const same =
    !Number.isNaN(time) &&
    new Date(time)
      .toISOString()
      .replace(/[^0-9]/g, '')
      .slice(0, 12) === value
  if (same) return time
  context.addIssue(NO_DATE)
  return z.NEVER
})

export const createWebhookReplayJob = appRoute({
  operation: 'createWebhookReplayJob',
  method: 'POST',
  path: '/webhooks/replay',
  scopes: [],
  query: z.object({}),
  body: object({ webhook_id: text(SHORT_TEXT), from_date: minute, to_date: minute }),
  answer: z.object({ data: z.object({ job_id: z.string(), created_at: z.iso.datetime() }) }),
  async run(call, { activity, clock, newId }) {
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const webhook = webhookAt(sent.webhook_id, call.caller, activity)
    if (webhook instanceof Refusal) return webhook
    const { from_date: since, to_date: until } = sent
    const now = clock.now()
    if (since > now) return new Refusal(invalidField('from_date', 'must not lie ahead'))
    if (until <= since) return new Refusal(invalidField('to_date', 'must lie behind from_date'))
    if (until - since > REPLAY) {
      return new Refusal(invalidField('to_date', `must lie within ${REPLAY / HOUR} hours of from_date`))
    }
    if (!webhook.valid) return new Refusal(invalidField('webhook_id', 'the webhook is not valid'))
    const job = newId()
    if (!(await activity.replays.begin(webhook.id, job, { since, until }))) {
      return new Refusal(conflict('a replay for this webhook is under way already'))
    }
    return { data: { job_id: job, created_at: new Date(now).toISOString() } }
  },
})
