// `loadMissedMessages`: everything since a time, newest first. false for whoever may not read it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { invalidRoom } from '../errors.ts'
import { SYNC_SCAN } from '../limits.ts'
import { historyOf } from '../messages/history.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { date, list } from '../params.ts'

export const loadMissedMessages = method({
  name: 'loadMissedMessages',
  params: list(z.string(), date),
  async run({ gate, caller }, [rid, since]) {
    if (rid === '') return invalidRoom('loadMissedMessages')
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return false
    const span = { count: SYNC_SCAN, since: since.getTime() + 1 }
    const shown = await historyOf(gate.parts, caller.account, found.room, span)
    return isRejection(shown) ? false : shown.map(({ document }) => document)
  },
})
