// `loadHistory`: a page of a room, newest first (RC-187, RC-188). false, not an error, for whoever may not read it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { HISTORY } from '../limits.ts'
import { historyOf, unreadBefore } from '../messages/history.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { date, list } from '../params.ts'

const DEFAULT = 20

export const loadHistory = method({
  name: 'loadHistory',
  params: list(
    z.string(),
    date.nullish(),
    z.number().int().nullish(),
    z.union([date, z.unknown()]).optional(),
    z.boolean().nullish(),
  ),
  async run({ gate, caller }, [rid, end, limit, seen, withReplies]) {
    const { parts } = gate
    const found = await roomOf(parts, caller.account, rid)
    if (!found) return false
    const shown = await historyOf(parts, caller.account, found.room, {
      count: Math.min(Math.max(limit ?? DEFAULT, 1), HISTORY),
      ...(end ? { until: end.getTime() } : {}),
      withoutReplies: withReplies === false,
    })
    if (isRejection(shown)) return false
    const messages = shown.map(({ document }) => document)
    if (!(seen instanceof Date)) return { messages, unreadNotLoaded: 0 }
    return { messages, ...(await unreadBefore(parts, caller.account, found.room, seen.getTime(), shown)) }
  },
})
