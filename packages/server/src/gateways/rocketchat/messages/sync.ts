// What has changed in a room since a time: the log itself says so, for whatever is done to a message is an event of it.
import type { EventId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import { isMessageChange } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Document } from '../encode.ts'
import { SYNC_SCAN } from '../limits.ts'
import { documentsFor, messageIdOf } from './encode-message.ts'

export interface Deleted {
  readonly _id: string
  readonly _deletedAt: Date
  readonly sequence: number
  /** The message that it replied to. */
  readonly thread: EventId | undefined
}

export interface Changes {
  /** Newest first. */
  readonly updated: readonly RoomEvent[]
  readonly deleted: readonly Deleted[]
}

/** `since` in ms since 1970, exclusive. Looks at the newest SYNC_SCAN events. */
export async function changesSince(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  since: number,
): Promise<Changes | Rejection> {
  const query = { select: 'all', order: 'newest', limit: SYNC_SCAN, since: since + 1 } as const
  const page = await parts.reading.page(reader, room.id, query)
  if (isRejection(page)) return page
  const found = new Map<EventId, RoomEvent | undefined>()
  const deleted = new Map<EventId, Deleted>()
  const lookUp = async (id: EventId): Promise<RoomEvent | undefined> => {
    if (!found.has(id)) found.set(id, await parts.reading.event(reader, room.id, id))
    return found.get(id)
  }
  for (const event of page.events) if (event.body.type !== 'messages.deleted') found.set(event.id, event)
  const updated = new Map<number, RoomEvent>()
  const keep = (event: RoomEvent | undefined): void => {
    if (event && !event.erased) updated.set(event.sequence, event)
  }
  for (const event of page.events) {
    const { body } = event
    if (body.type === 'messages.deleted') {
      for (const target of body.targets) {
        const message = await lookUp(target)
        if (!message) continue
        const thread = message.body.type === 'message' ? message.body.thread?.id : undefined
        const _deletedAt = new Date(event.at)
        deleted.set(target, { _id: messageIdOf(message), _deletedAt, sequence: message.sequence, thread })
      }
      continue
    }
    if (isMessageChange(body)) keep(await lookUp(body.target))
    else keep(event)
    if (body.type === 'message' && body.thread) keep(await lookUp(body.thread.id))
    if (body.type === 'message.pinned') updated.set(event.sequence, event)
  }
  return {
    updated: [...updated.values()].sort((a, b) => b.sequence - a.sequence),
    deleted: [...deleted.values()].sort((a, b) => b.sequence - a.sequence),
  }
}

export function deletedDocument({ _id, _deletedAt }: Deleted): Document {
  return { _id, _deletedAt }
}

/** The same as documents. */
export async function syncDocuments(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  changes: Changes,
): Promise<{ readonly updated: Document[]; readonly deleted: Document[] }> {
  const updated = await documentsFor(parts, reader, room, changes.updated)
  return { updated, deleted: changes.deleted.map(deletedDocument) }
}
