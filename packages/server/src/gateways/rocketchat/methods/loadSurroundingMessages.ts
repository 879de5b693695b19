// `loadSurroundingMessages`: a message with those around it, oldest first within each half as clients sort them. false
// where there is none for the caller.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { HISTORY } from '../limits.ts'
import { currentDocument } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { historyOf } from '../messages/history.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'

const DEFAULT = 50

export const loadSurroundingMessages = method({
  name: 'loadSurroundingMessages',
  params: list(z.looseObject({ _id: z.string().optional() }), z.number().int().nullish()),
  async run({ gate, caller }, [{ _id }, limit]) {
    const found = _id ? await messageOf(gate, caller, _id) : undefined
    if (!found) return false
    const { room, event } = found
    const around = Math.min(Math.max(limit ?? DEFAULT, 1), HISTORY) - 1
    const [older, newer] = [Math.ceil(around / 2), Math.floor(around / 2)]
    const read = (count: number, bound: object) => historyOf(gate.parts, caller.account, room, { count, ...bound })
    const before = older > 0 ? await read(older, { before: event.sequence }) : []
    const after = newer > 0 ? await read(newer, { after: event.sequence, order: 'oldest' }) : []
    if (isRejection(before) || isRejection(after)) return false
    const main = await currentDocument(gate.parts, event, room)
    return {
      messages: [...before.map(one => one.document), main, ...after.map(one => one.document)],
      moreBefore: before.length === older,
      moreAfter: after.length === newer,
    }
  },
})
