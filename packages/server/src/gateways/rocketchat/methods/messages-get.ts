// `messages/get`: what has changed since a time, in one answer or in parts by a cursor; else a page of the history.
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { MeteorError, notAllowed } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { channelHistory } from '../messages/channel-history.ts'
import { changesSince, syncDocuments } from '../messages/sync.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { date, list } from '../params.ts'

const NAME = 'messages/get'

const cursor = z.union([z.string(), z.number()]).nullish()
const asked = z.looseObject({
  lastUpdate: date.nullish(),
  latestDate: date.nullish(),
  oldestDate: date.nullish(),
  inclusive: z.boolean().nullish(),
  count: z.number().int().nullish(),
  unreads: z.boolean().nullish(),
  next: cursor,
  previous: cursor,
  type: z.enum(['UPDATED', 'DELETED']).nullish(),
})

export const messagesGet = method({
  name: NAME,
  params: list(z.string(), asked),
  async run(call, [rid, options]) {
    const { gate, caller } = call
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return notAllowed(NAME)
    const { lastUpdate, type, next, previous, latestDate, oldestDate, inclusive, count, unreads } = options
    if (next !== undefined || previous !== undefined || type)
      return part(call.gate, caller.account, found.room, options)
    if (!lastUpdate)
      return channelHistory(gate, caller, found.room, {
        ...(latestDate ? { latest: latestDate } : {}),
        ...(oldestDate ? { oldest: oldestDate } : {}),
        inclusive: inclusive ?? false,
        count: count ?? 20,
        unreads: unreads ?? false,
      })
    const changes = await changesSince(gate.parts, caller.account, found.room, lastUpdate.getTime())
    if (isRejection(changes)) return notAllowed(NAME)
    return syncDocuments(gate.parts, caller.account, found.room, changes)
  },
})

type Options = z.output<typeof asked>

/** Cursors are times in ms since 1970: `next` asks for what changed after it, `previous` for what did before. */
async function part(
  { parts }: Gate,
  reader: Account,
  room: RoomState,
  { type, next, previous, count }: Options,
): Promise<unknown> {
  if (!type)
    return new MeteorError('error-type-param-required', 'The "type" or "lastUpdate" parameters must be provided')
  if (next && previous)
    return new MeteorError('error-cursor-conflict', 'You cannot provide both "next" and "previous" parameters')
  const at = Number(next ?? previous ?? 0)
  if (!Number.isFinite(at)) return new MeteorError('error-invalid-cursor', 'The cursor is no time')
  const changes = await changesSince(parts, reader, room, next ? at : 0)
  if (isRejection(changes)) return notAllowed(NAME)
  const { updated, deleted } = await syncDocuments(parts, reader, room, changes)
  const [items, field] = type === 'UPDATED' ? [updated, '_updatedAt'] : [deleted, '_deletedAt']
  const timeOf = (item: Document): number => (item[field] as Date).getTime()
  const sorted = items.toSorted((a, b) => (next ? timeOf(a) - timeOf(b) : timeOf(b) - timeOf(a)))
  const inSpan = previous ? sorted.filter(item => timeOf(item) < at) : sorted
  const most = Math.min(Math.max(count ?? 20, 1), 100)
  const shown = inSpan.slice(0, most)
  const more = inSpan.length > shown.length
  const [first, last] = [shown[0], shown.at(-1)]
  const isForward = next !== undefined && next !== null
  return {
    updated: type === 'UPDATED' ? shown : [],
    deleted: type === 'DELETED' ? shown : [],
    cursor: {
      next: isForward ? (more && last ? String(timeOf(last)) : null) : first && previous ? String(timeOf(first)) : null,
      previous: isForward ? (first ? String(timeOf(first)) : null) : more && last ? String(timeOf(last)) : null,
    },
  }
}
