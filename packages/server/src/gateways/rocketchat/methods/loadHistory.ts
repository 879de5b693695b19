// `loadHistory`: a page of a room, newest first (RC-187, RC-188). false, not an error, for whoever may not read it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import type { Document } from '../encode.ts'
import { shownMessages } from '../encode-message.ts'
import { HISTORY, HISTORY_SCAN } from '../limits.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { date, list } from '../params.ts'

const DEFAULT = 20

export const loadHistory = method({
  name: 'loadHistory',
  params: list(z.string(), date.nullish(), z.number().int().nullish(), z.unknown().optional(), z.unknown().optional()),
  async run({ gate, caller }, [rid, end, limit]) {
    const { parts } = gate
    const found = await roomOf(parts, caller.account, rid)
    if (!found) return false
    const wanted = Math.min(Math.max(limit ?? DEFAULT, 1), HISTORY)
    const messages: Document[] = []
    let before: number | undefined
    for (let scanned = 0; scanned < HISTORY_SCAN && messages.length < wanted; ) {
      const page = await parts.reading.page(caller.account, found.room.id, {
        select: 'kept',
        order: 'newest',
        limit: wanted,
        ...(before === undefined ? {} : { before }),
        ...(end ? { until: end.getTime() } : {}),
      })
      if (isRejection(page)) return false
      for (const event of page.events) {
        const shown = await shownMessages(parts, event, page.room)
        if (messages.length + shown.length <= HISTORY) messages.push(...shown.reverse())
        if (messages.length >= wanted) break
      }
      const last = page.events.at(-1)
      if (!last || page.events.length < wanted) break
      scanned += page.events.length
      before = last.sequence
    }
    return { messages, unreadNotLoaded: 0 }
  },
})
