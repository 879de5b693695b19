// A page of a conversation's events, newest first, and the key changes that its messages need and that are not on it
// (x-chat.md 3.5). It goes on in both directions from any place in the log; what the reader may see is bounded in the
// store's own statements (L10), which walk over nothing that is gone.
import type { EventId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import { conversationIdOf } from '../../room/signatures.ts'
import type { RoomState } from '../../room/state.ts'
import type { Encoded } from './encode.ts'
import { charactersOf, encodeEvent, hasForm, isShown } from './encode.ts'
import { PAGE_CHARACTERS, READ_AHEAD, READ_FURTHER } from './limits.ts'
import type { XchatParts } from './route.ts'

/** Where a page begins: at the newest event, or right below or above a sequence, which is not on it. */
export type Place = { readonly from: 'newest' } | { readonly from: 'below' | 'above'; readonly sequence: number }

export interface EventsPage {
  /** Newest first. */
  readonly events: readonly Encoded[]
  /** Envelopes of key changes that are not among `events`, oldest first. */
  readonly keyChanges: readonly string[]
  /** There is more in the direction in which the page was read. */
  readonly more: boolean
  /** Below which sequence the next older page begins; null where there is none. */
  readonly older: number | null
  /** Above which sequence newer events lie, those that come later too; null where nothing was ever seen. */
  readonly newer: number | null
}

export async function eventsPage(
  reader: Account,
  room: RoomState,
  limit: number,
  place: Place,
  parts: XchatParts,
): Promise<EventsPage | Rejection> {
  const shown = await readShown(reader, room, limit, place, parts)
  if (isRejection(shown)) return shown
  const encoded = await encodedOf(shown, room, parts)
  const more = shown.more !== null || encoded.length < shown.events.length
  if (place.from === 'above') encoded.reverse()
  const keyChanges = await missingKeyChanges(reader, room, encoded, parts)
  if (isRejection(keyChanges)) return keyChanges
  const [newest, oldest] = [encoded[0]?.event.sequence, encoded.at(-1)?.event.sequence]
  const below = oldest ?? (place.from === 'above' ? place.sequence + 1 : null)
  const isOlder = place.from === 'above' ? await isAnyBelow(reader, room, below, parts) : more
  if (typeof isOlder === 'object') return isOlder
  const newer = newest ?? (place.from === 'above' ? place.sequence : null)
  return { events: encoded, keyChanges, more, older: isOlder ? below : null, newer }
}

/** As many as fit on a page, in the order of reading. */
async function encodedOf({ events, more }: Shown, room: RoomState, parts: XchatParts): Promise<Encoded[]> {
  const conversationId = conversationIdOf(room)
  const encoded: Encoded[] = []
  let characters = 0
  for (const [index, event] of events.entries()) {
    const previous = await previousOf(event, [events[index - 1], events[index + 1] ?? more], parts)
    const one = encodeEvent(event, conversationId, previous)
    if (!one) continue
    characters += one.envelope.length
    if (characters > PAGE_CHARACTERS && encoded.length > 0) break
    encoded.push(one)
  }
  return encoded
}

/** One of its neighbours on the page, unless there is a gap between them in what the reader sees: then it is not what came
 * before. */
function previousOf(
  event: RoomEvent,
  neighbours: readonly (RoomEvent | null | undefined)[],
  parts: XchatParts,
): EventId | null | Promise<EventId | null> {
  const before = neighbours.find(other => other?.sequence === event.sequence - 1)
  return before ? before.id : parts.reading.idBefore(event.room, event.sequence, ({ body }) => hasForm(body))
}

interface Shown {
  /** In the order of reading. */
  readonly events: readonly RoomEvent[]
  /** The next event that would be shown; null where there is none. */
  readonly more: RoomEvent | null
}

async function readShown(
  reader: Account,
  room: RoomState,
  limit: number,
  place: Place,
  { reading }: XchatParts,
): Promise<Shown | Rejection> {
  const events: RoomEvent[] = []
  let characters = 0
  const order = place.from === 'above' ? 'oldest' : 'newest'
  let from = place.from === 'newest' ? undefined : place.sequence
  let ask = Math.min(limit + 1, READ_AHEAD)
  for (;;) {
    const bounds = from === undefined ? {} : order === 'oldest' ? { after: from } : { before: from }
    const page = await reading.page(reader, room.id, { select: 'kept', order, limit: ask, ...bounds })
    if (isRejection(page)) return page
    for (const event of page.events) {
      if (!isShown(event)) continue
      events.push(event)
      characters += charactersOf(event)
    }
    if (events.length > limit) return { events: events.slice(0, limit), more: events[limit] ?? null }
    // What does not fit on the page is not read either.
    if (characters > PAGE_CHARACTERS) return { events: events.slice(0, -1), more: events.at(-1) ?? null }
    const last = page.events.at(-1)
    if (!last || page.events.length < ask) return { events, more: null }
    from = last.sequence
    // Further where nothing is shown: sanctions and rules, however many they are.
    const shownHere = page.events.some(isShown)
    ask = shownHere ? Math.min(limit + 1 - events.length, READ_AHEAD) : Math.min(ask * 4, READ_FURTHER)
  }
}

async function isAnyBelow(
  reader: Account,
  room: RoomState,
  sequence: number | null,
  parts: XchatParts,
): Promise<boolean | Rejection> {
  if (sequence === null) return false
  const shown = await readShown(reader, room, 0, { from: 'below', sequence }, parts)
  return isRejection(shown) ? shown : shown.more !== null
}

/** Every message of the page stands under a key; a key change that is on the page itself is not given twice. */
async function missingKeyChanges(
  reader: Account,
  room: RoomState,
  page: readonly Encoded[],
  parts: XchatParts,
): Promise<readonly string[] | Rejection> {
  const needed = new Set<string>()
  for (const { event } of page) {
    if (event.body.type === 'message' && event.body.content.suite === 'xchat') needed.add(event.body.content.epoch)
  }
  for (const { event } of page) if (event.body.type === 'epoch.opened') needed.delete(event.body.version)
  const found: Encoded[] = []
  for (const version of needed) {
    const keyChange = await parts.reading.keyChange(reader, room.id, version)
    if (keyChange && isRejection(keyChange)) return keyChange
    const encoded = keyChange && encodeEvent(keyChange, conversationIdOf(room), await previousOf(keyChange, [], parts))
    if (encoded) found.push(encoded)
  }
  return found.sort((a, b) => a.event.sequence - b.event.sequence).map(one => one.envelope)
}
