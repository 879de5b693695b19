// `getThreadsList`: the messages of a room that have replies, the last replied to first.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { MeteorError, notAllowed } from '../errors.ts'
import { HISTORY } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'

const NAME = 'getThreadsList'
const some = z.number().int().min(0).nullish()

export const getThreadsList = method({
  name: NAME,
  params: list(z.looseObject({ rid: id, limit: some, skip: some })),
  async run({ gate, caller }, [{ rid, limit, skip }]) {
    if (limit && limit > HISTORY) return new MeteorError('error-not-allowed', `max limit: ${HISTORY}`, { method: NAME })
    if (!gate.settings.get('Threads_enabled')) return notAllowed(NAME, 'Threads Disabled')
    const found = await roomOf(gate.parts, caller.account, rid)
    const query = { of: 'threads', offset: skip ?? 0, limit: limit || 50 } as const
    const page = found && (await gate.parts.reading.marked(caller.account, { room: found.room.id, ...query }))
    if (!page || isRejection(page)) return notAllowed(NAME, 'Not Allowed')
    return documentsFor(gate.parts, caller.account, found.room, page.events)
  },
})
