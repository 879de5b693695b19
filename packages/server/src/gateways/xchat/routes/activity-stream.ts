// GET /2/activity/stream: what happens, one JSON object a line, from now on or from a moment ago.
import { z } from 'zod'
import { BACKFILL, BACKFILL_MINUTES } from '../activity/limits.ts'
import { SHORT_TEXT } from '../limits.ts'
import { invalidField, Refusal } from '../problem.ts'
import { Bytes, sharedRoute } from '../route.ts'
import { text } from '../schema.ts'

const TYPE = 'application/json; charset=utf-8'
const MINUTES = `must be a number from 0 to ${BACKFILL_MINUTES}`
const MINUTE = 60_000

/** ms since 1970. */
const time = text(SHORT_TEXT)
  .refine(value => z.iso.datetime({ offset: true }).safeParse(value).success, 'must be a time as in RFC 3339')
  .transform(value => Date.parse(value))

const query = z.object({
  backfill_minutes: z
    .string(MINUTES)
    .regex(/^[0-9]{1,2}$/, MINUTES)
    .transform(Number)
    .refine(minutes => minutes <= BACKFILL_MINUTES, MINUTES)
    .default(0),
  start_time: time.optional(),
  end_time: time.optional(),
})

export const activityStream = sharedRoute({
  operation: 'activityStream',
  method: 'GET',
  path: '/activity/stream',
  scopes: ['dm.read'],
  query,
  body: z.object({}),
  answer: TYPE,
  async run({ caller, query }, { activity, clock }) {
    const now = clock.now()
    const { start_time: start, end_time: end } = query
    if (start !== undefined && start > now) return new Refusal(invalidField('start_time', 'must not lie ahead'))
    if (start !== undefined && start < now - BACKFILL) {
      return new Refusal(invalidField('start_time', `must lie within the last ${BACKFILL / MINUTE} minutes`))
    }
    const filled = query.backfill_minutes > 0 ? now - query.backfill_minutes * MINUTE : undefined
    const from = Math.min(start ?? Number.POSITIVE_INFINITY, filled ?? Number.POSITIVE_INFINITY)
    if (end !== undefined && end <= Math.min(from, now)) {
      return new Refusal(invalidField('end_time', 'must lie behind the beginning'))
    }
    const readable = await activity.stream(caller, Number.isFinite(from) ? from : null, end ?? null)
    if (readable instanceof Refusal) return readable
    // A proxy that compresses or collects would keep lines back.
    return new Bytes(TYPE, readable, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
  },
})
