// A page of a conversation's events, newest first, and the key changes that its messages need and that are not on it
// (x-chat.md 3.5). What the reader may see is bounded in the store's own statements (L10).
import type { EventId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import { conversationIdOf } from '../../room/signatures.ts'
import type { RoomState } from '../../room/state.ts'
import type { Encoded } from './encode.ts'
import { encodeEvent, isShown } from './encode.ts'
import { PAGE_CHARACTERS, READ_AHEAD } from './limits.ts'
import type { XchatParts } from './route.ts'

export interface EventsPage {
  readonly events: readonly Encoded[]
  /** Envelopes of key changes that are not among `events`, oldest first. */
  readonly keyChanges: readonly string[]
  /** The sequence before which the next page begins; null on the last one. */
  readonly next: number | null
}

export async function eventsPage(
  reader: Account,
  room: RoomState,
  limit: number,
  before: number | undefined,
  parts: XchatParts,
): Promise<EventsPage | Rejection> {
  const shown = await readShown(reader, room, limit, before, parts)
  if (isRejection(shown)) return shown
  const { events, more } = shown
  const conversationId = conversationIdOf(room)
  const encoded: Encoded[] = []
  let characters = 0
  for (const [index, event] of events.entries()) {
    const previous = await previousOf(event, events[index + 1] ?? more, parts)
    const one = encodeEvent(event, conversationId, previous)
    if (!one) continue
    characters += one.envelope.length
    if (characters > PAGE_CHARACTERS && encoded.length > 0) break
    encoded.push(one)
  }
  const cut = more !== null || encoded.length < events.length
  const keyChanges = await missingKeyChanges(reader, room, encoded, parts)
  if (isRejection(keyChanges)) return keyChanges
  return { events: encoded, keyChanges, next: cut ? (encoded.at(-1)?.event.sequence ?? null) : null }
}

/** What the reader sees next may lie beyond a gap in what they may see: then it is not what came before. */
function previousOf(
  event: RoomEvent,
  next: RoomEvent | null,
  parts: XchatParts,
): EventId | null | Promise<EventId | null> {
  if (next && next.sequence === event.sequence - 1) return next.id
  return parts.reading.idBefore(event.room, event.sequence, isShown)
}

interface Shown {
  readonly events: readonly RoomEvent[]
  /** The next event that would be shown; null where there is none. */
  readonly more: RoomEvent | null
}

async function readShown(
  reader: Account,
  room: RoomState,
  limit: number,
  before: number | undefined,
  { reading }: XchatParts,
): Promise<Shown | Rejection> {
  const events: RoomEvent[] = []
  let from = before
  for (;;) {
    const ask = Math.min(limit + 1 - events.length, READ_AHEAD)
    const bounds = from === undefined ? {} : { before: from }
    const page = await reading.page(reader, room.id, { select: 'all', order: 'newest', limit: ask, ...bounds })
    if (isRejection(page)) return page
    for (const event of page.events) if (isShown(event)) events.push(event)
    if (events.length > limit) return { events: events.slice(0, limit), more: events[limit] ?? null }
    const oldest = page.events.at(-1)
    if (!oldest || page.events.length < ask) return { events, more: null }
    from = oldest.sequence
  }
}

/** Every message of the page stands under a key; a key change that is on the page itself is not given twice. */
async function missingKeyChanges(
  reader: Account,
  room: RoomState,
  page: readonly Encoded[],
  parts: XchatParts,
): Promise<readonly string[] | Rejection> {
  /** Version to the oldest sequence that needs it. */
  const needed = new Map<string, number>()
  for (const { event } of page) {
    if (event.body.type === 'message' && event.body.content.suite === 'xchat') {
      needed.set(event.body.content.epoch, event.sequence)
    }
  }
  for (const { event } of page) if (event.body.type === 'epoch.opened') needed.delete(event.body.version)
  const found: Encoded[] = []
  for (const [version, sequence] of needed) {
    const keyChange = await keyChangeBefore(reader, room, version, sequence, parts)
    if (keyChange && isRejection(keyChange)) return keyChange
    const previous = keyChange && (await parts.reading.idBefore(room.id, keyChange.sequence, isShown))
    const encoded = keyChange && encodeEvent(keyChange, conversationIdOf(room), previous ?? null)
    if (encoded) found.push(encoded)
  }
  return found.sort((a, b) => a.event.sequence - b.event.sequence).map(one => one.envelope)
}

/** The newest key change of that version below a sequence: as a rule the first control event, or nearly. */
async function keyChangeBefore(
  reader: Account,
  room: RoomState,
  version: string,
  sequence: number,
  { reading }: XchatParts,
): Promise<RoomEvent | Rejection | undefined> {
  if (room.epoch?.version === version) {
    const after = room.epoch.sequence - 1
    const page = { select: 'control', order: 'newest', after, before: after + 2, limit: 1 } as const
    const read = await reading.page(reader, room.id, page)
    return isRejection(read) ? read : read.events[0]
  }
  let before = sequence
  for (;;) {
    const page = { select: 'control', order: 'newest', before, limit: READ_AHEAD } as const
    const read = await reading.page(reader, room.id, page)
    if (isRejection(read)) return read
    const found = read.events.find(({ body }) => body.type === 'epoch.opened' && body.version === version)
    const oldest = read.events.at(-1)
    if (found || !oldest || read.events.length < READ_AHEAD) return found
    before = oldest.sequence
  }
}
