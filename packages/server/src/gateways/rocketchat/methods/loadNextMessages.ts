// `loadNextMessages`: what came after a time, oldest first. false for whoever may not read it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { HISTORY } from '../limits.ts'
import { historyOf } from '../messages/history.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { date, list } from '../params.ts'

const DEFAULT = 20

export const loadNextMessages = method({
  name: 'loadNextMessages',
  params: list(z.string(), date.nullish(), z.number().int().nullish()),
  async run({ gate, caller }, [rid, after, limit]) {
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return false
    const shown = await historyOf(gate.parts, caller.account, found.room, {
      count: Math.min(Math.max(limit ?? DEFAULT, 1), HISTORY),
      order: 'oldest',
      ...(after ? { since: after.getTime() + 1 } : {}),
    })
    return isRejection(shown) ? false : { messages: shown.map(({ document }) => document) }
  },
})
