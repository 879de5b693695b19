// Pages of a room's history as this wire shows them: messages and system messages, newest first, by what the reader may see.
import { PAGE } from '../../../limits.ts'
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Document } from '../encode.ts'
import { HISTORY_SCAN, UNREAD_COUNTED } from '../limits.ts'
import { documentsFor, type Shown, shownFor } from './encode-message.ts'

export interface Span {
  /** Sequences, exclusive. */
  readonly before?: number
  readonly after?: number
  /** ms since 1970, exclusive and inclusive. */
  readonly until?: number
  readonly since?: number
}

export interface Wanted extends Span {
  readonly count: number
  /** Left out before the first. */
  readonly skip?: number
  readonly order?: 'newest' | 'oldest'
  /** Without replies that only threads show. */
  readonly withoutReplies?: boolean
}

/** At most `count`, in the order that is asked for. */
export async function historyOf(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  { count, skip = 0, order = 'newest', withoutReplies = false, ...span }: Wanted,
): Promise<Shown[] | Rejection> {
  const shown: Shown[] = []
  const limit = Math.min(count + skip, PAGE)
  let bound: Span = span
  for (let scanned = 0; scanned < HISTORY_SCAN + limit && shown.length < count + skip; ) {
    const page = await parts.reading.page(reader, room.id, { select: 'kept', order, limit, ...bound })
    if (isRejection(page)) return page
    const events = withoutReplies ? page.events.filter(event => !isHiddenReply(event)) : page.events
    const found = await shownFor(parts, reader, page.room, order === 'newest' ? events.toReversed() : events)
    shown.push(...(order === 'newest' ? found.toReversed() : found))
    const last = page.events.at(-1)
    if (!last || page.events.length < limit) break
    scanned += page.events.length
    bound = order === 'newest' ? { ...span, before: last.sequence } : { ...span, after: last.sequence }
  }
  return shown.slice(skip, skip + count)
}

function isHiddenReply({ body }: RoomEvent): boolean {
  if (body.type !== 'message' || !body.thread) return false
  const { content } = body
  const extra =
    content.suite === 'none' ? content.extra?.rocketchat : content.suite === 'rocketchat' ? content.extra : {}
  return extra?.tshow !== true
}

export interface Unread {
  readonly firstUnread?: Document
  readonly unreadNotLoaded: number
}

/** What the reader has not seen since `seen` (ms since 1970) and lies before the oldest one that was loaded. */
export async function unreadBefore(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  seen: number,
  loaded: readonly Shown[],
): Promise<Unread> {
  const oldest = loaded.at(-1)
  if (!oldest || (oldest.document.ts as Date).getTime() <= seen) return { unreadNotLoaded: 0 }
  const span = { since: seen + 1, before: oldest.sequence } as const
  const unread = await parts.reading.page(reader, room.id, {
    select: 'messages',
    order: 'oldest',
    limit: UNREAD_COUNTED,
    ...span,
  })
  if (isRejection(unread)) return { unreadNotLoaded: 0 }
  const [first] = await documentsFor(parts, reader, room, unread.events.slice(0, 1))
  return { ...(first ? { firstUnread: first } : {}), unreadNotLoaded: unread.events.length }
}

/** How many there are in all: messages, and system messages among the newest HISTORY_SCAN of what can be one. */
export async function countShown(parts: GatewayParts, reader: Account, room: RoomState): Promise<number> {
  const head = await parts.reading.head(room.id)
  const query = { select: 'control', order: 'newest', limit: HISTORY_SCAN } as const
  const control = await parts.reading.page(reader, room.id, query)
  if (isRejection(control)) return 0
  const shown = await documentsFor(parts, reader, room, control.events)
  return (head?.messages ?? 0) + shown.length
}
