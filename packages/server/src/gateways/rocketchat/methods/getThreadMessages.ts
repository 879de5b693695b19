// `getThreadMessages`: what began a thread, then its replies, newest first. Whoever looks has read it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { MeteorError, notAllowed } from '../errors.ts'
import { HISTORY } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { readThread } from '../rooms/membership-acts.ts'

const NAME = 'getThreadMessages'
const some = z.number().int().min(0).nullish()

export const getThreadMessages = method({
  name: NAME,
  params: list(z.looseObject({ tmid: id, limit: some, skip: some })),
  async run({ gate, caller }, [{ tmid, limit, skip }]) {
    if (limit && limit > HISTORY) return new MeteorError('error-not-allowed', `max limit: ${HISTORY}`, { method: NAME })
    if (!gate.settings.get('Threads_enabled')) return notAllowed(NAME, 'Threads Disabled')
    const found = await messageOf(gate, caller, tmid)
    // Nobody learns whether it is there.
    if (!found) return []
    const { room, event, target } = found
    if (!event.done?.thread || event.done.thread.count === 0) return []
    const query = { room: room.id, of: 'replies', sought: target.sequence, newest: true } as const
    const page = await gate.parts.reading.marked(caller.account, {
      ...query,
      offset: skip ?? 0,
      limit: limit || HISTORY,
    })
    if (isRejection(page)) return []
    await readThread(gate, caller.account.id, event)
    return documentsFor(gate.parts, caller.account, room, [event, ...page.events])
  },
})
